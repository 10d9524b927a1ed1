"""encode: numbers and the codes of categories, for trees."""

from __future__ import annotations

from typing import Any

import numpy as np

from mle_star_executor.recipes.parts.blocks import Blocks
from mle_star_executor.recipes.parts.dense import dense


def encode_ordinal(
    blocks_fit: Blocks, z_fit: np.ndarray, blocks_apply: Blocks, context: dict[str, Any]
) -> tuple[Any, Any]:
    """Dense arrays; NaN where a value is missing."""
    return dense(blocks_fit), dense(blocks_apply)
