"""prepare: texts and lists as TF-IDF of their single words, which is quick whatever their size."""

from __future__ import annotations

from typing import Any

import pandas as pd
from scipy import sparse

from mle_star_executor.recipes.parts.blocks import Blocks
from mle_star_executor.recipes.parts.tfidf import texts_of, tfidf


def prepare_words(train: pd.DataFrame, test: pd.DataFrame, context: dict[str, Any]) -> Blocks:
    """The block `words`, the columns beside each other; none where there is nothing to read."""
    columns = texts_of(train, test, context["columns"])
    words = [matrix for texts in columns for matrix in tfidf(texts, "word", (1, 1), least=3)]
    return {"words": sparse.hstack(words, format="csr")} if words else {}
