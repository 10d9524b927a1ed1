"""target: its logarithm, wherever it has one."""

from __future__ import annotations

from typing import Any

import numpy as np

from mle_star_executor.recipes.parts.logarithm import Inverse, logarithm


def target_log(y: np.ndarray, context: dict[str, Any]) -> tuple[np.ndarray, Inverse]:
    """log1p where no value is negative, else the number itself."""
    return logarithm(y) if y.min() >= 0 else (y, lambda z: z)
