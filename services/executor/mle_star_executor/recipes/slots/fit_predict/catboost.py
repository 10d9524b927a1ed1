"""fit_predict: boosted trees by CatBoost."""

from __future__ import annotations

from typing import Any

import numpy as np

from mle_star_executor.recipes.parts.catboost_model import catboost_model, catboost_pool
from mle_star_executor.recipes.parts.kind_of_target import is_classes


def fit_predict_catboost(
    F_fit: Any, z_fit: np.ndarray, F_apply: Any, params: dict[str, Any], context: dict[str, Any]
) -> np.ndarray:
    """Takes frames with categories, or dense arrays."""
    model = catboost_model(z_fit, params, context).fit(catboost_pool(F_fit, z_fit))
    if is_classes(z_fit):
        return np.asarray(model.predict_proba(catboost_pool(F_apply)))
    return np.asarray(model.predict(catboost_pool(F_apply))).reshape(-1, 1)
