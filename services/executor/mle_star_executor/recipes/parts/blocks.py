"""Blocks: what the rows of both tables are made into before any target is seen."""

from __future__ import annotations

from typing import Any

import numpy as np

Blocks = dict[str, Any]
"""Name to rows: `number` (frame of floats), `category` (frame of codes, -1 missing), `levels` (numbers with few
values, as codes), and the sparse matrices `items` (of lists), `words` and `chars` (of texts)."""


def take(blocks: Blocks, rows: np.ndarray) -> Blocks:
    """The blocks of some rows, by position."""
    return {name: block.iloc[rows] if hasattr(block, "iloc") else block[rows] for name, block in blocks.items()}
