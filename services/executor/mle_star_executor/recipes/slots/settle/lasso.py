"""settle: how many columns the lasso leaves out."""

from __future__ import annotations

from typing import Any

import numpy as np

from mle_star_executor.recipes.parts.best_of import best_of
from mle_star_executor.recipes.parts.inner_folds import settling_folds
from mle_star_executor.recipes.parts.lasso_model import lasso_model
from mle_star_executor.recipes.parts.linear_model import as_fits

STRENGTHS = (0.003, 0.01, 0.001, 0.03, 0.0005)


def settle_lasso(
    F_fit: Any, z_fit: np.ndarray, params: dict[str, Any], context: dict[str, Any], seconds: float
) -> dict[str, Any]:
    """The `strength` that does best on inner holdouts, of those that there is time to try, the usual ones first."""
    F, folds = as_fits(F_fit), settling_folds(z_fit, context["seed"])

    def loss(fit: np.ndarray, held: np.ndarray, strength: float) -> float:
        return _loss(F, z_fit, fit, held, strength)

    return {"strength": best_of(STRENGTHS, loss, folds, seconds)}


def _loss(F: Any, z: np.ndarray, fit: np.ndarray, held: np.ndarray, strength: float) -> float:
    model = lasso_model(z, strength).fit(F[fit], z[fit])
    return float(np.mean((model.predict(F[held]) - z[held]) ** 2))
