"""encode: scaled numbers and one-hot categories, with list items and texts beside them, for linear models."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from mle_star_executor.recipes.parts.blocks import Blocks
from mle_star_executor.recipes.parts.one_hot import one_hot

REACH = 3.0  # in standard deviations: a line must not follow a value that stands alone


def encode_onehot(
    blocks_fit: Blocks, z_fit: np.ndarray, blocks_apply: Blocks, context: dict[str, Any]
) -> tuple[Any, Any]:
    """Sparse matrices; skewed numbers are logged; what is missing becomes the median; missing and 0 have a flag."""
    pairs = [_scaled(blocks_fit["number"], blocks_apply["number"])]
    for block in ("category", "levels"):
        for name, codes in blocks_fit[block].items():
            pairs.append(one_hot(codes.to_numpy(), blocks_apply[block][name].to_numpy()))
    for block in ("items", "words", "chars"):
        if block in blocks_fit:
            pairs.append((blocks_fit[block], blocks_apply[block]))
    fit, apply = zip(*pairs, strict=True)
    return sparse.hstack(fit, format="csr"), sparse.hstack(apply, format="csr")


def _scaled(fit: pd.DataFrame, apply: pd.DataFrame) -> tuple[Any, Any]:
    F, A = fit.to_numpy(dtype=float), apply.to_numpy(dtype=float)  # pandas takes thousands of columns one by one
    missing, nought = np.isnan(F).mean(axis=0), (F == 0).mean(axis=0)
    distinct = 1 + (np.diff(np.sort(F, axis=0), axis=0) > 0).sum(axis=0)
    flagged = (missing >= 0.01) & (missing <= 0.99)
    zeroed = (nought >= 0.05) & (nought <= 0.95) & (distinct > 2)
    flags = [np.hstack([np.isnan(M[:, flagged]), M[:, zeroed] == 0]).astype(float) for M in (F, A)]
    table = pd.DataFrame(F)
    logged = ((table.min() >= 0) & (table.skew() > 1)).to_numpy()
    F, A = (np.where(logged, np.log1p(np.clip(M, 0, None)), M) for M in (F, A))
    middle = pd.DataFrame(F).median().fillna(0).to_numpy()
    F, A = (np.where(np.isnan(M), middle, M) for M in (F, A))
    center, scale = F.mean(axis=0), F.std(axis=0)
    F, A = (((M - center) / np.where(scale > 0, scale, 1)).clip(-REACH, REACH) for M in (F, A))
    return tuple(sparse.csr_matrix(np.hstack([M, flag])) for M, flag in zip((F, A), flags, strict=True))
