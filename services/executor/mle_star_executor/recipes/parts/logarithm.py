"""Fitting the logarithm of a number."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

LOG_METRICS = frozenset({"rmsle", "rmse_log", "mean_column_rmsle", "mape", "smape"})
Inverse = Callable[[np.ndarray], np.ndarray]


def logarithm(y: np.ndarray) -> tuple[np.ndarray, Inverse]:
    """log1p of y above -1, and its inverse, which goes a little beyond what was seen and never to infinity."""
    z = np.log1p(y)
    low, high = float(z.min()), float(z.max())
    reach = 0.2 * (high - low)
    return z, lambda raw: np.expm1(np.clip(raw, low - reach, high + reach))


def skew(y: np.ndarray) -> float:
    """The third standardized moment; 0 for a constant."""
    scale = y.std()
    return float((((y - y.mean()) / scale) ** 3).mean()) if scale > 0 else 0.0
