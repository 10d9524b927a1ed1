"""fit_predict: the share of each class, or the middle of a number: what any model must beat."""

from __future__ import annotations

from typing import Any

import numpy as np

from mle_star_executor.recipes.parts.absolute_metrics import ABSOLUTE_METRICS
from mle_star_executor.recipes.parts.kind_of_target import indicators, is_classes


def fit_predict_constant(
    F_fit: Any, z_fit: np.ndarray, F_apply: Any, params: dict[str, Any], context: dict[str, Any]
) -> np.ndarray:
    """The same row for all."""
    by_median = not is_classes(z_fit) and context["metric"]["name"] in ABSOLUTE_METRICS
    row = np.median(indicators(z_fit), axis=0) if by_median else indicators(z_fit).mean(axis=0)
    return np.tile(row, (len(F_apply), 1))
