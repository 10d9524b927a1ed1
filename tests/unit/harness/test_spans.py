"""Parts of texts as marks of words, and back."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mle_star.harness.decide import decide
from mle_star.harness.render import render
from mle_star.harness.spans import LEAN, MOST_WORDS, best_spans, cut_span, span_marks

LONG = " ".join(f"w{place}" for place in range(100))


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("a lovely day", "lovely"),
        ("  a  lovely day ", "lovely day"),
        ("one", "one"),
        (LONG, "w3 w4 w5"),
        (LONG, LONG),
    ],
)
def test_an_answer_survives_the_way_through_marks(text: str, answer: str) -> None:
    marks = span_marks(pd.Series([text]), pd.Series([answer]))
    assert marks.shape == (1, MOST_WORDS)
    assert cut_span(text, *best_spans(marks, LEAN)[0]) == answer


def test_a_part_of_a_word_marks_the_word() -> None:
    marks = span_marks(pd.Series(["so happy!!! today"]), pd.Series(["happy"]))
    assert marks[0].nonzero()[0].tolist() == [1]


@pytest.mark.parametrize("answer", ["absent", None, np.nan, ""])
def test_an_answer_that_is_not_there_marks_nothing(answer: object) -> None:
    assert not span_marks(pd.Series(["some text"]), pd.Series([answer])).any()


@pytest.mark.parametrize("text", [None, np.nan, "", "   "])
def test_a_text_without_words_gives_what_there_is(text: object) -> None:
    assert cut_span(text, 0, 3).strip() == ""


def test_the_window_is_the_best_of_all_windows() -> None:
    marks = np.random.default_rng(0).random((50, MOST_WORDS))
    for row, (first, last) in zip(marks, best_spans(marks, 0.5), strict=True):
        sums = {(a, b): (row[a : b + 1] - 0.5).sum() for a in range(MOST_WORDS) for b in range(a, MOST_WORDS)}
        assert sums[first, last] == pytest.approx(max(sums.values()))


def test_a_submission_holds_the_words() -> None:
    context = {
        "targets": [{"name": "part", "classes": None, "words": MOST_WORDS}],
        "metric": {"predicts": "labels"},
        "submission": {"layout": "span", "answers": ["part"], "key": ("id", "id"), "text": "text"},
    }
    test = pd.DataFrame({"id": ["a", "b"], "text": ["one two three", "four Five"]})
    raw = span_marks(test["text"], pd.Series(["two three", "Five"]))
    sample = pd.DataFrame({"id": ["b", "a"], "part": None})
    rendered = render(decide(raw, context, {}), test, sample, context)
    assert rendered["part"].tolist() == ["Five", "two three"]
