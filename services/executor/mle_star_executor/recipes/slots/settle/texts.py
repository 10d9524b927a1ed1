"""settle: how strong the penalty of the texts' linear model is."""

from __future__ import annotations

from typing import Any

import numpy as np

from mle_star_executor.recipes.slots.settle.linear import settle_linear


def settle_texts(
    F_fit: Any, z_fit: np.ndarray, params: dict[str, Any], context: dict[str, Any], seconds: float
) -> dict[str, Any]:
    """The `strength` alone: the other models hardly care."""
    return settle_linear(F_fit, z_fit, params, context, seconds / 2)
