"""Metrics of answers that are parts of a text, and are predicted as the places of their first and last word."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mle_star.harness.spans import cut_span, plain_text
from mle_star_verifier.scoring.functions import Classes, Function


def span_function(metric: str, texts: list[object], answers: list[object]) -> Function:
    """Of truths that are positions in `texts` and `answers` (n,), and predictions (n, 2)."""
    right = [plain_text(answer) for answer in answers]
    compare = COMPARED[metric]

    def per_row(truth: np.ndarray, predicted: np.ndarray, _: Classes) -> np.ndarray:
        pairs = zip(truth, predicted, strict=True)
        return np.asarray([compare(right[row], cut_span(texts[row], int(a), int(b))) for row, (a, b) in pairs])

    return Function(lambda truth, predicted, _: float(np.mean(per_row(truth, predicted, _))), per_row)


def _jaccard(one: str, other: str) -> float:
    words, others = set(one.lower().split()), set(other.lower().split())
    return len(words & others) / len(words | others) if words or others else 1.0


COMPARED: dict[str, Callable[[str, str], float]] = {
    "jaccard": _jaccard,
    "accuracy": lambda one, other: float(one.strip() == other.strip()),
}
