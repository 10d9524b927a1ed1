"""settle: how wide the kernel is, and how strong its penalty."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from mle_star_executor.recipes.parts.inner_folds import settling_folds
from mle_star_executor.recipes.parts.kernel_model import kernel_model

CHOICES = ((0.3, 0.1), (0.1, 0.03), (0.3, 1.0), (1.0, 0.1), (0.1, 0.1), (0.03, 0.01), (0.1, 0.003), (0.03, 0.001))


def settle_kernel(
    F_fit: Any, z_fit: np.ndarray, params: dict[str, Any], context: dict[str, Any], seconds: float
) -> dict[str, Any]:
    """The `width` and `strength` that do best on inner holdouts, of those that there is time to try."""
    ends = time.monotonic() + seconds
    folds = settling_folds(z_fit, context["seed"])[:2]
    losses: dict[tuple[float, float], float] = {}
    for choice in CHOICES:
        started = time.monotonic()
        losses[choice] = float(np.mean([_loss(F_fit, z_fit, fit, held, *choice) for fit, held in folds]))
        if time.monotonic() + 2 * (time.monotonic() - started) > ends:
            break
    width, strength = min(losses, key=lambda choice: losses[choice])
    return {"width": width, "strength": strength}


def _loss(F: Any, z: np.ndarray, fit: np.ndarray, held: np.ndarray, width: float, strength: float) -> float:
    model = kernel_model(F.shape[1], width, strength)
    found = model.fit(F[fit], z[fit] - z[fit].mean()).predict(F[held])
    return float(np.mean((found + z[fit].mean() - z[held]) ** 2))
