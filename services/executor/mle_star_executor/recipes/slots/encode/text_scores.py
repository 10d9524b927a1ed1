"""encode: the table, and what a linear model makes of the texts, out of fold."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse
from sklearn.linear_model import Ridge

from mle_star_executor.recipes.parts.blocks import Blocks
from mle_star_executor.recipes.parts.dense import dense
from mle_star_executor.recipes.parts.inner_folds import inner_folds
from mle_star_executor.recipes.parts.kind_of_target import indicators

STRENGTHS = (1.0, 10.0)


def encode_text_scores(
    blocks_fit: Blocks, z_fit: np.ndarray, blocks_apply: Blocks, context: dict[str, Any]
) -> tuple[Any, Any]:
    """Dense arrays: the blocks of the table, then a score for each class, or one, by two strengths of ridge."""
    texts = [name for name in ("words", "chars") if name in blocks_fit]
    if not texts:
        return dense(blocks_fit), dense(blocks_apply)
    text_fit = sparse.hstack([blocks_fit[name] for name in texts], format="csr")
    text_apply = sparse.hstack([blocks_apply[name] for name in texts], format="csr")
    wanted = indicators(z_fit)
    wanted = wanted[:, 1:] if wanted.shape[1] == 2 else wanted
    fit, apply = [dense(blocks_fit)], [dense(blocks_apply)]
    for strength in STRENGTHS:
        scores = np.empty_like(wanted)
        for others, held in inner_folds(z_fit, min(4, len(z_fit)), context["seed"]):
            scores[held] = _scores(text_fit[others], wanted[others], text_fit[held], strength)
        fit.append(scores)
        apply.append(_scores(text_fit, wanted, text_apply, strength))
    return np.hstack(fit), np.hstack(apply)


def _scores(fit: Any, wanted: np.ndarray, apply: Any, strength: float) -> np.ndarray:
    model = Ridge(alpha=strength, solver="sparse_cg", tol=1e-3)
    return np.asarray(model.fit(fit, wanted).predict(apply)).reshape(apply.shape[0], -1)
