"""Answers that are parts of a text: as marks of its words, and back."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd

MOST_WORDS = 64  # of a text: what comes after them is in no answer, unless it is the whole text
LEAN = 0.4  # the mark from which a word is worth to be in the answer
_WORD = re.compile(r"\S+")


def span_marks(texts: pd.Series, answers: pd.Series) -> np.ndarray:
    """(n, MOST_WORDS): 1 for each word of the text that the answer, found in it, touches; else 0."""
    marks = np.zeros((len(texts), MOST_WORDS))
    for row, text, answer in zip(marks, map(plain_text, texts), map(plain_text, answers), strict=True):
        start = text.find(answer) if answer else -1
        for place, word in enumerate(_WORD.finditer(text)):
            if place < MOST_WORDS and start >= 0 and word.start() < start + len(answer) and word.end() > start:
                row[place] = 1
    return marks


def best_spans(marks: np.ndarray, lean: float) -> np.ndarray:
    """(n, 2): the first and last word of the window whose marks exceed `lean` by most together."""
    best = np.full(len(marks), -np.inf)
    spans, start = np.zeros((len(marks), 2), dtype=int), np.zeros(len(marks), dtype=int)
    total = np.full(len(marks), -np.inf)
    for place, gain in enumerate((marks - lean).T):
        start = np.where(total > 0, start, place)
        total = np.where(total > 0, total, 0) + gain
        better = total > best
        best = np.where(better, total, best)
        spans[better] = np.stack([start, np.full(len(marks), place)], axis=1)[better]
    return spans


def cut_span(text: Any, first: int, last: int) -> str:
    """The part of the text from one word to another, as it is written; a last word beyond all is the text's own."""
    words = list(_WORD.finditer(plain_text(text)))
    if not words:
        return plain_text(text)
    end = len(words) - 1 if last >= MOST_WORDS - 1 else min(last, len(words) - 1)
    return plain_text(text)[words[min(first, end)].start() : words[end].end()]


def plain_text(text: Any) -> str:
    return text if isinstance(text, str) else "" if pd.isna(text) else str(text)
