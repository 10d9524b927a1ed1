"""prepare: texts and lists as TF-IDF of words (1 to 2) and characters (2 to 5)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer

from mle_star_executor.recipes.parts.blocks import Blocks
from mle_star_executor.recipes.parts.clean_text import clean_text
from mle_star_executor.recipes.parts.lists import list_items

MOST_CHARS = 30_000_000  # of all texts together: beyond, characters are left out, and rare words too


def prepare_text(train: pd.DataFrame, test: pd.DataFrame, context: dict[str, Any]) -> Blocks:
    """The blocks `words` and `chars`, the columns beside each other; none where there is nothing to read."""
    columns = []
    for name, kind in context["columns"].items():
        if kind in {"text", "list"}:
            column = pd.concat([train[name], test[name]], ignore_index=True)
            columns.append([" ".join(row) for row in list_items(column)] if kind == "list" else _texts(column))
    lengths = [sum(map(len, texts)) for texts in columns]
    words, chars = [], []
    for texts, length in zip(columns, lengths, strict=True):
        short = length <= MOST_CHARS
        weight = np.float32(np.sqrt(max(length, 1) / max([*lengths, 1])))
        words += [weight * m for m in _tfidf(texts, "word", (1, 2), r"(?u)\b\w+\b", least=2 if short else 10)]
        if short:
            chars += [weight * m for m in _tfidf(texts, "char_wb", (2, 5), None, least=3)]
    blocks = {"words": words, "chars": chars}
    return {name: sparse.hstack(parts, format="csr") for name, parts in blocks.items() if parts}


def _texts(column: pd.Series) -> list[str]:
    return ["" if pd.isna(text) else clean_text(str(text)) for text in column]


def _tfidf(texts: list[str], unit: str, lengths: tuple[int, int], pattern: str | None, least: int) -> list[Any]:
    vectorizer = TfidfVectorizer(
        analyzer=unit,
        ngram_range=lengths,
        token_pattern=pattern,
        min_df=min(least, len(texts)),
        max_features=200_000,
        sublinear_tf=True,
        strip_accents="unicode",
        dtype=np.float32,
    )
    try:
        return [vectorizer.fit_transform(texts)]
    except ValueError:  # no word is left
        return []
