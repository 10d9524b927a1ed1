"""encode: numbers, and categories for a model that knows them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from mle_star_executor.recipes.parts.blocks import Blocks


def encode_native(
    blocks_fit: Blocks, z_fit: np.ndarray, blocks_apply: Blocks, context: dict[str, Any]
) -> tuple[Any, Any]:
    """Frames with columns named by their place; categories have pandas' category type, of the same codes in both."""
    return _native(blocks_fit, blocks_apply), _native(blocks_apply, blocks_fit)


def _native(blocks: Blocks, others: Blocks) -> pd.DataFrame:
    parts = [blocks["number"]]
    for name, codes in blocks["category"].items():
        both = np.union1d(codes, others["category"][name])
        parts.append(pd.Series(pd.Categorical(codes, categories=both), index=codes.index))
    if "items" in blocks:
        parts.append(pd.DataFrame(blocks["items"].toarray(), index=blocks["number"].index))
    frame = pd.concat(parts, axis=1)
    frame.columns = [f"column_{place}" for place in range(frame.shape[1])]
    return frame
