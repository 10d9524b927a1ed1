"""settle: how many columns the lasso leaves out."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from mle_star_executor.recipes.parts.inner_folds import settling_folds
from mle_star_executor.recipes.parts.lasso_model import lasso_model
from mle_star_executor.recipes.parts.linear_model import as_fits

STRENGTHS = (0.003, 0.01, 0.001, 0.03, 0.0005)


def settle_lasso(
    F_fit: Any, z_fit: np.ndarray, params: dict[str, Any], context: dict[str, Any], seconds: float
) -> dict[str, Any]:
    """The `strength` that does best on inner holdouts, of those that there is time to try, the usual ones first."""
    ends = time.monotonic() + seconds
    F, folds = as_fits(F_fit), settling_folds(z_fit, context["seed"])
    losses: dict[float, float] = {}
    for strength in STRENGTHS:
        started = time.monotonic()
        losses[strength] = float(np.mean([_loss(F, z_fit, fit, held, strength) for fit, held in folds]))
        if time.monotonic() + 2 * (time.monotonic() - started) > ends:
            break
    return {"strength": min(losses, key=lambda strength: losses[strength])}


def _loss(F: Any, z: np.ndarray, fit: np.ndarray, held: np.ndarray, strength: float) -> float:
    model = lasso_model(z, strength).fit(F[fit], z[fit])
    return float(np.mean((model.predict(F[held]) - z[held]) ** 2))
