"""Words that stand for an order."""

from __future__ import annotations

import pandas as pd

SCALES = (
    ("none", "po", "fa", "ta", "gd", "ex"),
    ("none", "very poor", "poor", "fair", "average", "good", "very good", "excellent"),
    ("none", "very low", "low", "medium", "high", "very high"),
    ("no", "sometimes", "frequently", "always"),
    ("never", "rarely", "sometimes", "often", "always"),
    ("none", "mild", "moderate", "severe"),
    ("xs", "s", "m", "l", "xl", "xxl"),
    ("small", "medium", "large", "extra large"),
    ("no", "mn", "av", "gd"),
    ("unf", "rfn", "fin"),
    ("unf", "lwq", "rec", "blq", "alq", "glq"),
    ("sal", "sev", "maj2", "maj1", "mod", "min2", "min1", "typ"),
    ("n", "p", "y"),
)


def ordered_level(column: pd.Series) -> pd.Series | None:
    """The place of each value on the first scale that has them all, NaN where missing; None where none has."""
    words = column.str.strip().str.lower().str.replace(r"[_-]", " ", regex=True)
    values = set(words.dropna())
    for scale in SCALES:
        if len(values) > 2 and values <= set(scale):
            return words.map({word: float(place) for place, word in enumerate(scale)}).astype(float)
    return None
