"""encode: the words of the text."""

from __future__ import annotations

from typing import Any

import numpy as np

from mle_star_executor.recipes.parts.blocks import Blocks


def encode_span(
    blocks_fit: Blocks, z_fit: np.ndarray, blocks_apply: Blocks, context: dict[str, Any]
) -> tuple[Any, Any]:
    """The block `text_words` as it is."""
    return blocks_fit["text_words"], blocks_apply["text_words"]
