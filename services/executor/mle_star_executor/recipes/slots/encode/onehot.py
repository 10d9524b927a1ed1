"""encode: scaled numbers and one-hot categories, with list items and texts beside them, for linear models."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from mle_star_executor.recipes.parts.blocks import Blocks

LEAST = 4  # fit rows that a category must have to get a column of its own
MOST = 500  # columns of one category
REACH = 6.0  # in standard deviations


def encode_onehot(
    blocks_fit: Blocks, z_fit: np.ndarray, blocks_apply: Blocks, context: dict[str, Any]
) -> tuple[Any, Any]:
    """Sparse matrices; skewed numbers are logged; what is missing becomes the median; missing and 0 have a flag."""
    pairs = [_scaled(blocks_fit["number"], blocks_apply["number"])]
    for block in ("category", "levels"):
        for name, codes in blocks_fit[block].items():
            pairs.append(_onehot(codes.to_numpy(), blocks_apply[block][name].to_numpy()))
    for block in ("items", "words", "chars"):
        if block in blocks_fit:
            pairs.append((blocks_fit[block], blocks_apply[block]))
    fit, apply = zip(*pairs, strict=True)
    return sparse.hstack(fit, format="csr"), sparse.hstack(apply, format="csr")


def _scaled(fit: pd.DataFrame, apply: pd.DataFrame) -> tuple[Any, Any]:
    flagged = fit.columns[fit.isna().mean().between(0.01, 0.99)]
    nought = fit.columns[(fit == 0).mean().between(0.05, 0.95) & (fit.nunique() > 2)]
    flags = [
        np.hstack([frame[flagged].isna().to_numpy(dtype=float), (frame[nought] == 0).to_numpy(dtype=float)])
        for frame in (fit, apply)
    ]
    logged = fit.columns[(fit.min() >= 0) & (fit.skew() > 1)]
    fit, apply = fit.copy(), apply.copy()
    for frame in (fit, apply):
        frame[logged] = np.log1p(frame[logged].clip(lower=0))
    middle = fit.median().fillna(0)
    fit, apply = fit.fillna(middle), apply.fillna(middle)
    center, scale = fit.mean(), fit.std(ddof=0).where(lambda s: s > 0, 1).fillna(1)
    fit, apply = (((frame - center) / scale).clip(-REACH, REACH) for frame in (fit, apply))
    return tuple(
        sparse.csr_matrix(np.hstack([frame.to_numpy(dtype=float), flag]))
        for frame, flag in zip((fit, apply), flags, strict=True)
    )


def _onehot(fit: np.ndarray, apply: np.ndarray) -> tuple[Any, Any]:
    """A column for each value that enough fit rows have, the commonest first, and one for all others."""
    values, counts = np.unique(fit, return_counts=True)
    kept = np.sort(values[np.argsort(-counts, kind="stable")][: min(MOST, int((counts >= LEAST).sum()))])
    return _indicator(fit, kept), _indicator(apply, kept)


def _indicator(codes: np.ndarray, kept: np.ndarray) -> Any:
    places = np.searchsorted(kept, codes)
    known = np.isin(codes, kept)
    places = np.where(known, places, len(kept))
    data, rows = np.ones(len(codes)), np.arange(len(codes))
    return sparse.csr_matrix((data, (rows, places)), shape=(len(codes), len(kept) + 1))
