"""prepare: texts and lists as TF-IDF of words (1 to 2) and characters (2 to 5)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from mle_star_executor.recipes.parts.blocks import Blocks
from mle_star_executor.recipes.parts.tfidf import texts_of, tfidf

MOST_CHARS = 30_000_000  # of all texts together: beyond, characters are left out, and rare words too


def prepare_text(train: pd.DataFrame, test: pd.DataFrame, context: dict[str, Any]) -> Blocks:
    """The blocks `words` and `chars`, the columns beside each other; none where there is nothing to read."""
    columns = texts_of(train, test, context["columns"])
    lengths = [sum(map(len, texts)) for texts in columns]
    words, chars = [], []
    for texts, length in zip(columns, lengths, strict=True):
        short = length <= MOST_CHARS
        weight = np.float32(np.sqrt(max(length, 1) / max([*lengths, 1])))
        words += [weight * m for m in tfidf(texts, "word", (1, 2), least=2 if short else 10)]
        if short:
            chars += [weight * m for m in tfidf(texts, "char_wb", (2, 5), least=3)]
    blocks = {"words": words, "chars": chars}
    return {name: sparse.hstack(parts, format="csr") for name, parts in blocks.items() if parts}
