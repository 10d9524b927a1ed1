"""encode: the table, and the texts' main directions (SVD of TF-IDF)."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse
from sklearn.decomposition import TruncatedSVD

from mle_star_executor.recipes.parts.blocks import Blocks
from mle_star_executor.recipes.parts.dense import dense

DIRECTIONS = 48


def encode_text_parts(
    blocks_fit: Blocks, z_fit: np.ndarray, blocks_apply: Blocks, context: dict[str, Any]
) -> tuple[Any, Any]:
    """Dense arrays: the blocks of the table, then up to 48 directions."""
    texts = [name for name in ("words", "chars") if name in blocks_fit]
    fit, apply = [dense(blocks_fit)], [dense(blocks_apply)]
    if texts:
        text_fit = sparse.hstack([blocks_fit[name] for name in texts], format="csr")
        text_apply = sparse.hstack([blocks_apply[name] for name in texts], format="csr")
        directions = min(DIRECTIONS, min(text_fit.shape) - 1)
        if directions > 0:
            svd = TruncatedSVD(directions, n_iter=3, random_state=context["seed"])
            fit.append(svd.fit_transform(text_fit))
            apply.append(svd.transform(text_apply))
    return np.hstack(fit), np.hstack(apply)
