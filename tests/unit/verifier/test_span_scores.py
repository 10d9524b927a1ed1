"""Spans are scored by their words, as a grader does who has the texts."""

from __future__ import annotations

import numpy as np
import pytest
from mle_star_verifier.scoring.spans import span_function

from mle_star.harness.spans import MOST_WORDS, cut_span

TEXTS = ["One two three", "four  five six", "", None, " ".join(f"w{place}" for place in range(100))]
ANSWERS = ["two three", "Four five", "", "gone", "w98 w99"]


@pytest.mark.parametrize(("first", "last"), [(0, 0), (0, 1), (1, 2), (2, 9), (5, 9), (0, MOST_WORDS - 1)])
def test_the_score_is_that_of_the_words_that_are_cut(first: int, last: int) -> None:
    rows, spans = np.arange(len(TEXTS)), np.tile([first, last], (len(TEXTS), 1))
    wanted = []
    for text, answer in zip(TEXTS, ANSWERS, strict=True):
        one, other = set(answer.lower().split()), set(cut_span(text, first, last).lower().split())
        wanted.append(len(one & other) / len(one | other) if one | other else 1.0)
    function = span_function("jaccard", list(TEXTS), list(ANSWERS))
    assert function.score(rows, spans, []) == pytest.approx(np.mean(wanted))
    assert function.per_row is not None
    assert function.per_row(rows[::-1], spans, []).tolist() == wanted[::-1]
