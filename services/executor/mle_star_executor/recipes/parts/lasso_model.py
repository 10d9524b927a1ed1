"""One lasso, by what it is fitted to."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.linear_model import Lasso


def lasso_model(z: np.ndarray, strength: float) -> Any:
    """`strength` is in standard deviations of z, so that the same one suits any unit."""
    return Lasso(alpha=strength * max(float(z.std()), 1e-12), max_iter=2000, tol=1e-3)
