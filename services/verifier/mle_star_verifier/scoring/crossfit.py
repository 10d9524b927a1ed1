"""Weights and decision found on some held-out rows and scored on others, so that the score stays honest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from mle_star.harness.blend import blend
from mle_star_verifier.scoring.scorer import Arrays, Scorer, take

PARTS, FEW_PARTS = 5, 2
FEW_ROWS, TOO_FEW_ROWS = 200, 20


@dataclass(frozen=True)
class Fitted:
    """How members are blended and their blend decided: `weights` sum to one."""

    weights: np.ndarray
    decision: dict[str, Any]

    def predicted(self, scorer: Scorer, raws: list[np.ndarray]) -> Arrays:
        return scorer.predicted(blend(raws, list(self.weights)), self.decision)


Fit = Callable[[Scorer, list[np.ndarray]], Fitted]
"""Takes some rows' scorer and the members' raw predictions (n, k) of the same rows."""


def cross_fit(scorer: Scorer, raws: list[np.ndarray], fit: Fit, seed: int) -> Arrays:
    """What is predicted for each part of the rows by what was fitted on the others.

    Each part has its share of every class (or size of value). Fewer than 20 rows are fitted and predicted as one.
    """
    if scorer.rows < TOO_FEW_ROWS:
        return fit(scorer, raws).predicted(scorer, raws)
    count = FEW_PARTS if scorer.rows < FEW_ROWS else PARTS
    order = np.lexsort((np.random.default_rng(seed).permutation(scorer.rows), scorer.truth[0]))
    parts = [order[place::count] for place in range(count)]
    pieces = []
    for part in parts:
        others = np.setdiff1d(order, part, assume_unique=True)
        fitted = fit(scorer.only(others), take(raws, others))
        pieces.append(fitted.predicted(scorer, take(raws, part)))
    back = np.argsort(np.concatenate(parts))
    return [np.concatenate(target)[back] for target in zip(*pieces, strict=True)]
