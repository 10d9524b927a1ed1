"""Classes or a number."""

from __future__ import annotations

import numpy as np


def is_classes(z: np.ndarray) -> bool:
    """Whether z holds the codes of classes."""
    return bool(np.issubdtype(z.dtype, np.integer))


def indicators(z: np.ndarray) -> np.ndarray:
    """A column for each class or word, or the one column of a number, (n, k)."""
    return np.eye(int(z.max()) + 1)[z] if is_classes(z) else z.reshape(len(z), -1)
