"""Categories as columns of 0 and 1."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

LEAST = 4  # fit rows that a category must have to get a column of its own
MOST = 500  # columns of one category


def one_hot(fit: np.ndarray, apply: np.ndarray) -> tuple[Any, Any]:
    """Sparse matrices of codes (n,): a column for each value that enough fit rows have, and one for all others."""
    values, counts = np.unique(fit, return_counts=True)
    kept = np.sort(values[np.argsort(-counts, kind="stable")][: min(MOST, int((counts >= LEAST).sum()))])
    return _indicator(fit, kept), _indicator(apply, kept)


def _indicator(codes: np.ndarray, kept: np.ndarray) -> Any:
    places = np.searchsorted(kept, codes)
    known = np.isin(codes, kept)
    places = np.where(known, places, len(kept))
    data, rows = np.ones(len(codes)), np.arange(len(codes))
    return sparse.csr_matrix((data, (rows, places)), shape=(len(codes), len(kept) + 1))
