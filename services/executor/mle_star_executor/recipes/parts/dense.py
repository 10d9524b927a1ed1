"""Blocks side by side, as a tree takes them."""

from __future__ import annotations

import numpy as np

from mle_star_executor.recipes.parts.blocks import Blocks


def dense(blocks: Blocks) -> np.ndarray:
    """Numbers with NaN, codes of categories with NaN, and list items: (n, columns)."""
    codes = blocks["category"].to_numpy(dtype=float)
    parts = [blocks["number"].to_numpy(dtype=float), np.where(codes < 0, np.nan, codes)]
    if "items" in blocks:
        parts.append(blocks["items"].toarray())
    return np.hstack(parts)
