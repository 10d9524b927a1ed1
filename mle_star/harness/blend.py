"""Blending raw predictions."""

from __future__ import annotations

import numpy as np


def blend(raws: list[np.ndarray], weights: list[float]) -> np.ndarray:
    """The weighted mean of raw predictions of one shape, (n, k); the weights need not sum to one."""
    return np.asarray(np.average(np.stack(raws), axis=0, weights=weights))
