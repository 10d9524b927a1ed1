"""fit_predict: smooth functions of all columns (kernel ridge regression)."""

from __future__ import annotations

from typing import Any

import numpy as np

from mle_star_executor.recipes.parts.kernel_model import kernel_model


def fit_predict_kernel(
    F_fit: Any, z_fit: np.ndarray, F_apply: Any, params: dict[str, Any], context: dict[str, Any]
) -> np.ndarray:
    """Takes sparse matrices or dense arrays without NaN; z is a number."""
    model = kernel_model(F_fit.shape[1], params["width"], params["strength"])
    return np.asarray(z_fit.mean() + model.fit(F_fit, z_fit - z_fit.mean()).predict(F_apply)).reshape(-1, 1)
