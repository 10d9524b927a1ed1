"""settle: LightGBM's rate and rounds, for classes as numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from mle_star_executor.recipes.slots.settle.lightgbm import settle_lightgbm


def settle_ordinal(
    F_fit: Any, z_fit: np.ndarray, params: dict[str, Any], context: dict[str, Any], seconds: float
) -> dict[str, Any]:
    """As for LightGBM; four fits are to come where there it is one."""
    return settle_lightgbm(F_fit, z_fit.astype(float), params, context, seconds / 4)
