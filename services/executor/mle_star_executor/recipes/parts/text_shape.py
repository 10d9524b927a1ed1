"""What a text looks like, without reading it."""

from __future__ import annotations

import pandas as pd

COUNTED = {"capitals": r"[A-Z]", "digits": r"\d", "marks": r"[!?]", "tags": r"[@#]", "links": r"https?:"}


def text_shape(text: pd.Series) -> dict[str, pd.Series]:
    """Lengths and counts, as floats; `text` has no missing values."""
    length = text.str.len()
    words = text.str.count(r"\S+")
    counts = {name: text.str.count(pattern) for name, pattern in COUNTED.items()}
    shape = {"length": length, "words": words, "word length": length / (words + 1), **counts}
    return {name: values.astype(float) for name, values in shape.items() if values.nunique() > 1}


def shared_words(text: pd.Series) -> dict[str, pd.Series]:
    """Of short texts such as names: the first word, the last, and the title (a word with a full stop)."""
    if text.str.count(r"\S+").median() > 8:
        return {}
    found = {
        "first word": text.str.extract(r"^(\S+)")[0],
        "last word": text.str.extract(r"(\S+)$")[0],
        "title": text.str.extract(r"\b([A-Za-z]+)\.(?=\s)")[0],
    }
    return {name: words for name, words in found.items() if words.notna().mean() > 0.8}
