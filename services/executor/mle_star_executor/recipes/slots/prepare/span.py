"""prepare: each word of the text by itself, its neighbours and its place, each also with the row's categories."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from sklearn.feature_extraction import FeatureHasher

from mle_star.harness.spans import MOST_WORDS, plain_text
from mle_star_executor.recipes.parts.blocks import Blocks
from mle_star_executor.recipes.parts.text_words import TextWords

WIDTH = 2**18
MOST_LEVELS = 20  # of a category that words are looked at together with
LATEST = 8  # places from the start or end that are told apart


def prepare_span(train: pd.DataFrame, test: pd.DataFrame, context: dict[str, Any]) -> Blocks:
    """The block `text_words`, and `number` without a column."""
    rows = pd.concat([train[list(context["columns"])], test[list(context["columns"])]], ignore_index=True)
    texts = [plain_text(text).lower().split()[:MOST_WORDS] for text in rows[context["submission"]["text"]]]
    names = [name for name, kind in context["columns"].items() if kind == "category"]
    few = [name for name in names if rows[name].nunique() <= MOST_LEVELS]
    kinds = [[f"{name}={level}" for name, level in zip(few, row, strict=True)] for row in rows[few].to_numpy()]
    features = [each for words, kind in zip(texts, kinds, strict=True) for each in _features(words, kind)]
    matrix = FeatureHasher(WIDTH, input_type="string", alternate_sign=False).transform(features or [[]])
    counts = np.asarray([len(words) for words in texts], dtype=int)
    return {"number": pd.DataFrame(index=rows.index), "text_words": TextWords(matrix, counts)}


def _features(words: list[str], kinds: list[str]) -> Iterator[list[str]]:
    plain = ["", *(word.strip(".,!?;:\"'()*~-") for word in words), ""]
    for place in range(len(words)):
        before, word, after = plain[place : place + 3]
        from_end = min(len(words) - 1 - place, LATEST)
        own = [f"w {word}", f"b {before}", f"a {after}", f"s {min(place, LATEST)}", f"e {from_end}", "any"]
        yield own + [f"{kind}|{feature}" for kind in kinds for feature in own]
