"""One kernel ridge regression."""

from __future__ import annotations

from typing import Any

from sklearn.kernel_ridge import KernelRidge


def kernel_model(columns: int, width: float, strength: float) -> Any:
    """With a Gaussian kernel: `width` is how quickly likeness falls, over the number of columns."""
    return KernelRidge(alpha=strength, gamma=width / columns, kernel="rbf")
