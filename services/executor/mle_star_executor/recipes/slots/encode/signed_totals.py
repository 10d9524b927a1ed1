"""encode: numbers, codes, and the totals of the amounts that speak for the target and of those against it."""

from __future__ import annotations

from typing import Any

import numpy as np

from mle_star_executor.recipes.parts.blocks import Blocks
from mle_star_executor.recipes.parts.dense import dense
from mle_star_executor.recipes.parts.kind_of_target import indicators

MOST_CLASSES = 10


def encode_signed_totals(
    blocks_fit: Blocks, z_fit: np.ndarray, blocks_apply: Blocks, context: dict[str, Any]
) -> tuple[Any, Any]:
    """Dense arrays. Amounts are numbers from 0 on that are often 0; the sign is that of their correlation."""
    numbers = blocks_fit["number"]
    usual = (numbers.min() >= 0) & (numbers == 0).mean().between(0.2, 0.98) & (numbers.nunique() > 20)
    amounts = [frame.loc[:, usual].fillna(0).to_numpy(dtype=float) for frame in (numbers, blocks_apply["number"])]
    wanted = indicators(z_fit)
    wanted = wanted[:, 1:] if wanted.shape[1] == 2 else wanted[:, :MOST_CLASSES]
    speaks = (amounts[0] - amounts[0].mean(axis=0)).T @ (wanted - wanted.mean(axis=0))
    fit, apply = (
        np.hstack([amount @ (speaks > 0), amount @ (speaks < 0), amount @ np.sign(speaks)]) for amount in amounts
    )
    return np.hstack([dense(blocks_fit), fit]), np.hstack([dense(blocks_apply), apply])
