"""How alike two texts of a row are."""

from __future__ import annotations

import re
from itertools import combinations

import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer

WORD = re.compile(r"\w+")
MOST_COLUMNS = 4
MOST_CHARS = 30_000_000  # of all texts together
UNITS: dict[str, dict[str, object]] = {
    "words": {"analyzer": "word", "token_pattern": r"(?u)\b\w+\b"},
    "characters": {"analyzer": "char_wb", "ngram_range": (3, 4)},
}


def text_pairs(columns: dict[str, pd.Series]) -> dict[str, pd.Series]:
    """Of each two of the first columns: shared words, the cosines of their TF-IDF, the difference of their lengths."""
    texts = {name: column.fillna("").str.lower() for name, column in list(columns.items())[:MOST_COLUMNS]}
    if len(texts) < 2 or sum(int(text.str.len().sum()) for text in texts.values()) > MOST_CHARS:
        return {}
    sets = {name: [set(WORD.findall(text)) for text in column] for name, column in texts.items()}
    cosines = {unit: _cosines(texts, options) for unit, options in UNITS.items()}
    made: dict[str, pd.Series] = {}
    for one, other in combinations(texts, 2):
        pairs = list(zip(sets[one], sets[other], strict=True))
        made |= {
            f"{one}, {other}: shared words": pd.Series([float(len(a & b)) for a, b in pairs]),
            f"{one}, {other}: share of all words": pd.Series([len(a & b) / max(1, len(a | b)) for a, b in pairs]),
            f"{one}, {other}: share of fewer words": pd.Series(
                [len(a & b) / max(1, min(len(a), len(b))) for a, b in pairs]
            ),
            f"{one}, {other}: lengths": (texts[one].str.len() - texts[other].str.len()).astype(float),
            f"{one}, {other}: same": (texts[one] == texts[other]).astype(float),
            **{f"{one}, {other}: cosine of {unit}": values[one, other] for unit, values in cosines.items()},
        }
    return {name: values for name, values in made.items() if values.nunique() > 1}


def _cosines(texts: dict[str, pd.Series], options: dict[str, object]) -> dict[tuple[str, str], pd.Series]:
    """One vocabulary for all columns; no cosine where there is not a word in any."""
    everything = pd.concat(list(texts.values()))
    vectorizer = TfidfVectorizer(sublinear_tf=True, min_df=2, dtype=np.float32, **options)
    try:
        vectors = vectorizer.fit_transform(everything)
    except ValueError:
        return {pair: pd.Series(0.0, index=everything.index.unique()) for pair in combinations(texts, 2)}
    size = len(everything) // len(texts)
    parts = {name: vectors[place * size : (place + 1) * size] for place, name in enumerate(texts)}
    return {
        (one, other): pd.Series(np.asarray(parts[one].multiply(parts[other]).sum(axis=1)).ravel().astype(float))
        for one, other in combinations(texts, 2)
    }
