"""Texts as TF-IDF of their words or characters."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer

from mle_star_executor.recipes.parts.clean_text import clean_text
from mle_star_executor.recipes.parts.lists import list_items

_WORD = r"(?u)\b\w+\b"


def texts_of(train: pd.DataFrame, test: pd.DataFrame, columns: dict[str, str]) -> list[list[str]]:
    """The texts of each text and list column, training rows first."""
    columns_of_texts = []
    for name, kind in columns.items():
        if kind in {"text", "list"}:
            column = pd.concat([train[name], test[name]], ignore_index=True)
            columns_of_texts.append([" ".join(row) for row in list_items(column)] if kind == "list" else _texts(column))
    return columns_of_texts


def _texts(column: pd.Series) -> list[str]:
    return ["" if pd.isna(text) else clean_text(str(text)) for text in column]


def tfidf(texts: list[str], unit: str, lengths: tuple[int, int], least: int) -> list[Any]:
    """A sparse matrix of units ("word" or "char_wb") in runs of these lengths; none where no unit is left."""
    vectorizer = TfidfVectorizer(
        analyzer=unit,
        ngram_range=lengths,
        token_pattern=_WORD if unit == "word" else None,
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
