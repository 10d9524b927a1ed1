"""fit_predict: logistic regression, or ridge regression."""

from __future__ import annotations

from typing import Any

import numpy as np

from mle_star_executor.recipes.parts.kind_of_target import is_classes
from mle_star_executor.recipes.parts.linear_model import as_fits, linear_model


def fit_predict_linear(
    F_fit: Any, z_fit: np.ndarray, F_apply: Any, params: dict[str, Any], context: dict[str, Any]
) -> np.ndarray:
    """Takes sparse matrices or dense arrays without NaN."""
    model = linear_model(z_fit, params["strength"]).fit(as_fits(F_fit), z_fit)
    if is_classes(z_fit):
        return np.asarray(model.predict_proba(as_fits(F_apply)))
    return np.asarray(model.predict(as_fits(F_apply))).reshape(-1, 1)
