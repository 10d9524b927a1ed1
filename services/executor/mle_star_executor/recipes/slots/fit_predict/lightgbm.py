"""fit_predict: boosted trees by LightGBM."""

from __future__ import annotations

from typing import Any

import lightgbm
import numpy as np

from mle_star_executor.recipes.parts.lightgbm_params import lightgbm_params


def fit_predict_lightgbm(
    F_fit: Any, z_fit: np.ndarray, F_apply: Any, params: dict[str, Any], context: dict[str, Any]
) -> np.ndarray:
    """Takes dense arrays, frames with categories, or sparse matrices."""
    booster = lightgbm.train(
        lightgbm_params(z_fit, params, context),
        lightgbm.Dataset(F_fit, z_fit),
        num_boost_round=params["rounds"],
    )
    raw = np.asarray(booster.predict(F_apply)).reshape(F_apply.shape[0], -1)
    return np.hstack([1 - raw, raw]) if booster.params["objective"] == "binary" else raw
