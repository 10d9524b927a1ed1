"""encode: numbers, codes, and for each category the smoothed mean of the target, out of fold."""

from __future__ import annotations

from typing import Any

import numpy as np

from mle_star_executor.recipes.parts.blocks import Blocks
from mle_star_executor.recipes.parts.dense import dense
from mle_star_executor.recipes.parts.inner_folds import inner_folds
from mle_star_executor.recipes.parts.kind_of_target import indicators

WEIGHT = 10.0  # how many rows the overall mean counts for
MOST_CLASSES = 10


def encode_target_statistics(
    blocks_fit: Blocks, z_fit: np.ndarray, blocks_apply: Blocks, context: dict[str, Any]
) -> tuple[Any, Any]:
    """Dense arrays. A fit row's means come from the other inner folds, an apply row's from all fit rows."""
    columns = [name for name, codes in blocks_fit["category"].items() if codes.nunique() > 3]
    wanted = indicators(z_fit)
    wanted = wanted[:, 1:] if wanted.shape[1] == 2 else wanted[:, :MOST_CLASSES]
    fit, apply = [dense(blocks_fit)], [dense(blocks_apply)]
    folds = inner_folds(z_fit, min(5, len(z_fit)), context["seed"])
    for name in columns:
        codes = blocks_fit["category"][name].to_numpy() + 1
        codes_apply = blocks_apply["category"][name].to_numpy() + 1
        size = int(max(codes.max(), codes_apply.max())) + 1
        means = np.empty_like(wanted)
        for others, held in folds:
            means[held] = _means(codes[others], wanted[others], size)[codes[held]]
        fit.append(means)
        apply.append(_means(codes, wanted, size)[codes_apply])
    return np.hstack(fit), np.hstack(apply)


def _means(codes: np.ndarray, wanted: np.ndarray, size: int) -> np.ndarray:
    """The smoothed mean of each column of `wanted` for each code, (size, columns)."""
    counts = np.bincount(codes, minlength=size)[:, None]
    sums = np.stack([np.bincount(codes, column, minlength=size) for column in wanted.T], axis=1)
    overall = wanted.mean(axis=0) if len(wanted) else 0.0
    return np.asarray((sums + WEIGHT * overall) / (counts + WEIGHT))
