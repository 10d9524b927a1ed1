"""encode: each word of the text by itself, its neighbours, its place and the row's categories."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.feature_extraction import FeatureHasher

from mle_star.harness.spans import MOST_WORDS
from mle_star_executor.recipes.parts.blocks import Blocks

WIDTH = 2**18
MOST_LEVELS = 20  # of a category that words are looked at together with
LATEST = 8  # places from the start or end that are told apart


def encode_span(
    blocks_fit: Blocks, z_fit: np.ndarray, blocks_apply: Blocks, context: dict[str, Any]
) -> tuple[Any, Any]:
    """Of both: a sparse matrix with a row for each word, the word's (row, place), (words, 2), and the count of rows."""
    return _words(blocks_fit), _words(blocks_apply)


def _words(blocks: Blocks) -> tuple[Any, np.ndarray, int]:
    levels = blocks["category"]
    levels = levels[[name for name in levels if levels[name].nunique() <= MOST_LEVELS]]
    kinds = [[f"{name}={code}" for name, code in zip(levels, row, strict=True)] for row in levels.to_numpy()]
    texts = [text.lower().split()[:MOST_WORDS] for text in blocks["text"]]
    where = [(row, place) for row, words in enumerate(texts) for place in range(len(words))]
    features = (each for words, kind in zip(texts, kinds, strict=True) for each in _features(words, kind))
    matrix = FeatureHasher(WIDTH, input_type="string", alternate_sign=False).transform(features) if where else None
    return matrix, np.asarray(where, dtype=int).reshape(-1, 2), len(texts)


def _features(words: list[str], kinds: list[str]) -> Iterator[list[str]]:
    plain = ["", *(word.strip(".,!?;:\"'()*~-") for word in words), ""]
    for place in range(len(words)):
        before, word, after = plain[place : place + 3]
        from_end = min(len(words) - 1 - place, LATEST)
        own = [f"w {word}", f"b {before}", f"a {after}", f"s {min(place, LATEST)}", f"e {from_end}", "any"]
        yield own + [f"{kind}|{feature}" for kind in kinds for feature in own]
