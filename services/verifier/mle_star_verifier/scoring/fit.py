"""The whole procedure that a score is of: weights for the members, then a decision for their blend."""

from __future__ import annotations

import numpy as np

from mle_star.harness.blend import blend
from mle_star_verifier.ensemble import fit_weights
from mle_star_verifier.scoring.crossfit import Fitted, cross_fit
from mle_star_verifier.scoring.decision import choose
from mle_star_verifier.scoring.scorer import Arrays, Scorer


def fit(scorer: Scorer, raws: list[np.ndarray], seed: int) -> Fitted:
    """Found on all rows of the scorer; `raws` are the members' raw predictions of them, each (n, k)."""
    weights = fit_weights(scorer, raws, seed)
    return Fitted(weights, choose(scorer, blend(raws, list(weights)), seed))


def honest(scorer: Scorer, raws: list[np.ndarray], seed: int) -> Arrays:
    """What the procedure predicts for rows that it was not fitted on: this is what is scored."""
    return cross_fit(scorer, raws, lambda few, theirs: fit(few, theirs, seed), seed)
