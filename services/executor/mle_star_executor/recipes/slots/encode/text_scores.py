"""encode: the table, and what a linear model makes of the texts, out of fold."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.linear_model import Ridge

from mle_star_executor.recipes.parts.blocks import Blocks
from mle_star_executor.recipes.parts.dense import dense
from mle_star_executor.recipes.parts.inner_folds import inner_folds
from mle_star_executor.recipes.parts.kind_of_target import indicators, is_classes

STRENGTHS = (1.0, 10.0)
SMOOTHING = 0.2
Scorer = Callable[[Any, np.ndarray, Any], np.ndarray]
"""Fit rows, what is wanted of them (n, k), and apply rows (m) to scores (m, k)."""


def encode_text_scores(
    blocks_fit: Blocks, z_fit: np.ndarray, blocks_apply: Blocks, context: dict[str, Any]
) -> tuple[Any, Any]:
    """Dense arrays: the blocks of the table, then scores for each class, or one: by two ridges and by naive Bayes."""
    texts = [name for name in ("words", "chars") if name in blocks_fit]
    if not texts:
        return dense(blocks_fit), dense(blocks_apply)
    text_fit = sparse.hstack([blocks_fit[name] for name in texts], format="csr")
    text_apply = sparse.hstack([blocks_apply[name] for name in texts], format="csr")
    wanted = indicators(z_fit)
    wanted = wanted[:, 1:] if wanted.shape[1] == 2 else wanted
    fit, apply = [dense(blocks_fit)], [dense(blocks_apply)]
    scorers: list[Scorer] = [partial(_ridge, strength=strength) for strength in STRENGTHS]
    scorers += [_bayes] if is_classes(z_fit) else []
    folds = inner_folds(z_fit, min(4, len(z_fit)), context["seed"])
    for scorer in scorers:
        scores = np.empty_like(wanted)
        for others, held in folds:
            scores[held] = scorer(text_fit[others], wanted[others], text_fit[held])
        fit.append(scores)
        apply.append(scorer(text_fit, wanted, text_apply))
    return np.hstack(fit), np.hstack(apply)


def _ridge(fit: Any, wanted: np.ndarray, apply: Any, strength: float) -> np.ndarray:
    model = Ridge(alpha=strength, solver="sparse_cg", tol=1e-3)
    return np.asarray(model.fit(fit, wanted).predict(apply)).reshape(apply.shape[0], -1)


def _bayes(fit: Any, wanted: np.ndarray, apply: Any) -> np.ndarray:
    """The naive Bayes log-ratio of each class against the rest, over the number of words."""
    inside = wanted.T @ fit + SMOOTHING
    outside = (1 - wanted).T @ fit + SMOOTHING
    ratios = np.log(inside / inside.sum(axis=1, keepdims=True)) - np.log(outside / outside.sum(axis=1, keepdims=True))
    length = 1 + np.asarray(apply.sum(axis=1)).reshape(-1, 1)
    return np.asarray((apply @ ratios.T) / length)
