"""One linear model, by what it is fitted to."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression, Ridge

from mle_star_executor.recipes.parts.kind_of_target import is_classes

DENSE_CELLS = 20_000_000
DENSE_SHARE = 0.15  # of cells that are not zero


def linear_model(z: np.ndarray, strength: float) -> Any:
    """Logistic or ridge regression; `strength` is that of the penalty."""
    if is_classes(z):
        return LogisticRegression(C=1 / strength, max_iter=300, tol=1e-3)
    return Ridge(alpha=strength)


def as_fits(F: Any) -> Any:
    """Dense where that is quicker, else the sparse matrix as it is."""
    if not hasattr(F, "toarray"):
        return F
    cells = F.shape[0] * F.shape[1]
    return F.toarray() if cells <= DENSE_CELLS and F.nnz >= DENSE_SHARE * cells else F
