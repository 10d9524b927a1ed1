"""encode: the texts, with list items and one-hot categories as more words."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from mle_star_executor.recipes.parts.blocks import Blocks
from mle_star_executor.recipes.parts.one_hot import one_hot


def encode_texts(
    blocks_fit: Blocks, z_fit: np.ndarray, blocks_apply: Blocks, context: dict[str, Any]
) -> tuple[Any, Any]:
    """Sparse matrices without a negative value."""
    names = [name for name in ("items", "words", "chars") if name in blocks_fit]
    pairs = [(blocks_fit[name], blocks_apply[name]) for name in names]
    for name, codes in blocks_fit["category"].items():
        pairs.append(one_hot(codes.to_numpy(), blocks_apply["category"][name].to_numpy()))
    pairs.append(one_hot(np.zeros(len(z_fit)), np.zeros(len(blocks_apply["number"]))))  # there is always a column
    fit, apply = zip(*pairs, strict=True)
    return sparse.hstack(fit, format="csr"), sparse.hstack(apply, format="csr")
