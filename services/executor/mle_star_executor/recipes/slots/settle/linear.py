"""settle: how strong the penalty of the linear model is."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.metrics import log_loss

from mle_star_executor.recipes.parts.best_of import best_of
from mle_star_executor.recipes.parts.inner_folds import settling_folds
from mle_star_executor.recipes.parts.kind_of_target import is_classes
from mle_star_executor.recipes.parts.linear_model import as_fits, linear_model

CLASS_STRENGTHS = (1.0, 0.3, 3.0, 0.1, 10.0, 30.0, 0.03, 100.0)
NUMBER_STRENGTHS = (10.0, 3.0, 30.0, 100.0, 1.0, 300.0, 1000.0)


def settle_linear(
    F_fit: Any, z_fit: np.ndarray, params: dict[str, Any], context: dict[str, Any], seconds: float
) -> dict[str, Any]:
    """The `strength` that does best on inner holdouts, of those that there is time to try, the usual ones first."""
    F, folds = as_fits(F_fit), settling_folds(z_fit, context["seed"])

    def loss(fit: np.ndarray, held: np.ndarray, strength: float) -> float:
        return _loss(F, z_fit, fit, held, strength)

    return {"strength": best_of(CLASS_STRENGTHS if is_classes(z_fit) else NUMBER_STRENGTHS, loss, folds, seconds)}


def _loss(F: Any, z: np.ndarray, fit: np.ndarray, held: np.ndarray, strength: float) -> float:
    model = linear_model(z, strength).fit(F[fit], z[fit])
    if is_classes(z):
        return float(log_loss(z[held], model.predict_proba(F[held]), labels=model.classes_))
    return float(np.mean((model.predict(F[held]) - z[held]) ** 2))
