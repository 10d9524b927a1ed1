"""target: in the metric's own scale."""

from __future__ import annotations

from typing import Any

import numpy as np

from mle_star_executor.recipes.parts.logarithm import LOG_METRICS, Inverse, logarithm


def target_metric(y: np.ndarray, context: dict[str, Any]) -> tuple[np.ndarray, Inverse]:
    """log1p where the metric counts relative errors, else the number itself."""
    return logarithm(y) if context["metric"]["name"] in LOG_METRICS and y.min() >= 0 else (y, lambda z: z)
