"""Splits of the fit rows alone, for what is learnt out of fold."""

from __future__ import annotations

import numpy as np

from mle_star_executor.recipes.parts.kind_of_target import is_classes


def inner_folds(z: np.ndarray, count: int, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """`count` pairs of positions (fit, held), each class in its share; every row is held once."""
    order = np.random.default_rng(seed).permutation(len(z))
    if is_classes(z):
        order = order[np.argsort(z[order], kind="stable")]
    fold = np.empty(len(z), dtype=int)
    fold[order] = np.arange(len(z)) % count
    return [(np.flatnonzero(fold != held), np.flatnonzero(fold == held)) for held in range(count)]


def settling_folds(z: np.ndarray, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """One holdout of a fifth; all five where rows are few and one would be noise. Each keeps every class."""
    folds = inner_folds(z, 5, seed)[: 5 if len(z) < 2500 else 1]
    if is_classes(z):
        rare = np.flatnonzero(np.bincount(z)[z] < 5)
        folds = [(np.union1d(fit, rare), np.setdiff1d(held, rare)) for fit, held in folds]
    return [(fit, held) for fit, held in folds if len(held)]
