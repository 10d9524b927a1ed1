"""Metrics of answers that are parts of a text, and are predicted as the places of their first and last word."""

from __future__ import annotations

import numpy as np

from mle_star.harness.spans import MOST_WORDS, plain_text
from mle_star_verifier.scoring.functions import Classes, Function


def span_function(metric: str, texts: list[object], answers: list[object]) -> Function:
    """Of truths that are positions in `texts` and `answers` (n,), and predictions (n, 2).

    Word by word as `cut_span` cuts, but without the text between words, which no metric here looks at.
    """
    words = [plain_text(text).lower().split() for text in texts]
    right = [plain_text(answer).lower().split() for answer in answers]

    def alike(row: int, first: int, last: int) -> float:
        end = len(words[row]) - 1 if last >= MOST_WORDS - 1 else min(last, len(words[row]) - 1)
        given = words[row][max(0, min(first, end)) : end + 1]
        if metric == "accuracy":
            return float(given == right[row])
        one, other = set(given), set(right[row])
        return len(one & other) / len(one | other) if one or other else 1.0

    def per_row(truth: np.ndarray, predicted: np.ndarray, _: Classes) -> np.ndarray:
        places = zip(truth.tolist(), predicted.tolist(), strict=True)
        return np.asarray([alike(row, first, last) for row, (first, last) in places])

    return Function(lambda truth, predicted, classes: float(np.mean(per_row(truth, predicted, classes))), per_row)
