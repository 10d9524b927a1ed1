"""fit_predict: a linear model of few columns (lasso)."""

from __future__ import annotations

from typing import Any

import numpy as np

from mle_star_executor.recipes.parts.lasso_model import lasso_model
from mle_star_executor.recipes.parts.linear_model import as_fits


def fit_predict_lasso(
    F_fit: Any, z_fit: np.ndarray, F_apply: Any, params: dict[str, Any], context: dict[str, Any]
) -> np.ndarray:
    """Takes sparse matrices or dense arrays without NaN; z is a number."""
    model = lasso_model(z_fit, params["strength"]).fit(as_fits(F_fit), z_fit)
    return np.asarray(model.predict(as_fits(F_apply))).reshape(-1, 1)
