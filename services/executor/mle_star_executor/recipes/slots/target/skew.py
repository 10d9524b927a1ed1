"""target: its logarithm where the metric counts relative errors or the target has a long upper tail."""

from __future__ import annotations

from typing import Any

import numpy as np

from mle_star_executor.recipes.parts.logarithm import LOG_METRICS, Inverse, logarithm, skew


def target_skew(y: np.ndarray, context: dict[str, Any]) -> tuple[np.ndarray, Inverse]:
    """log1p of a non-negative number by the metric or by its skew, else the number itself."""
    relative = context["metric"]["name"] in LOG_METRICS
    tailed = skew(y) > 1 and abs(skew(np.log1p(np.clip(y, 0, None)))) < 1
    return logarithm(y) if y.min() >= 0 and (relative or tailed) else (y, lambda z: z)
