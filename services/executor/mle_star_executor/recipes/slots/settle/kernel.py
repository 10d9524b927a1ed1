"""settle: how wide the kernel is, and how strong its penalty."""

from __future__ import annotations

from typing import Any

import numpy as np

from mle_star_executor.recipes.parts.best_of import best_of
from mle_star_executor.recipes.parts.inner_folds import settling_folds
from mle_star_executor.recipes.parts.kernel_model import kernel_model

CHOICES = ((0.3, 0.1), (0.1, 0.03), (0.3, 1.0), (1.0, 0.1), (0.1, 0.1), (0.03, 0.01), (0.1, 0.003), (0.03, 0.001))


def settle_kernel(
    F_fit: Any, z_fit: np.ndarray, params: dict[str, Any], context: dict[str, Any], seconds: float
) -> dict[str, Any]:
    """The `width` and `strength` that do best on inner holdouts, of those that there is time to try."""

    def loss(fit: np.ndarray, held: np.ndarray, choice: tuple[float, float]) -> float:
        return _loss(F_fit, z_fit, fit, held, *choice)

    width, strength = best_of(CHOICES, loss, settling_folds(z_fit, context["seed"])[:2], seconds)
    return {"width": width, "strength": strength}


def _loss(F: Any, z: np.ndarray, fit: np.ndarray, held: np.ndarray, width: float, strength: float) -> float:
    model = kernel_model(F.shape[1], width, strength)
    found = model.fit(F[fit], z[fit] - z[fit].mean()).predict(F[held])
    return float(np.mean((found + z[fit].mean() - z[held]) ** 2))
