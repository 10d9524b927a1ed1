"""fit_predict: extremely randomized trees."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

from mle_star_executor.recipes.parts.kind_of_target import is_classes
from mle_star_executor.recipes.parts.threads import N_THREADS


def fit_predict_forest(
    F_fit: Any, z_fit: np.ndarray, F_apply: Any, params: dict[str, Any], context: dict[str, Any]
) -> np.ndarray:
    """Takes dense arrays; NaN is a value of its own."""
    common = {
        "n_estimators": int(np.clip(params["rows_seen"] / len(z_fit), 60, params["trees"])),
        "min_samples_leaf": params["least_in_leaf"],
        "max_features": params["features"],
        "n_jobs": N_THREADS,
        "random_state": context["seed"],
    }
    F_fit, F_apply = _filled(F_fit), _filled(F_apply)
    if is_classes(z_fit):
        return np.asarray(ExtraTreesClassifier(**common).fit(F_fit, z_fit).predict_proba(F_apply))
    return np.asarray(ExtraTreesRegressor(**common).fit(F_fit, z_fit).predict(F_apply)).reshape(-1, 1)


def _filled(F: Any) -> np.ndarray:
    """Single precision, with a value below all others for what is missing."""
    return np.asarray(np.nan_to_num(np.asarray(F, dtype="float32"), nan=-999.0))
