"""The weights of a blend: greedy forward selection on held-out rows (Caruana et al., 2004)."""

from __future__ import annotations

import numpy as np

from mle_star_verifier.scoring.functions import brier
from mle_star_verifier.scoring.scorer import Scorer, UndefinedScoreError, take

PICKS = 15
BAGS = 4
BAG_SHARE = 0.6
MOST_ROWS = 5000
LEAST_WEIGHT = 0.03


def fit_weights(scorer: Scorer, raws: list[np.ndarray], seed: int) -> np.ndarray:
    """A weight for each member, summing to one, found on their raw predictions (n, k).

    The mean over a few bags of rows, so that no few rows decide; weights too small to matter become zero.
    """
    if len(raws) == 1:
        return np.ones(1)
    rng = np.random.default_rng([seed, scorer.rows])
    size = max(1, min(MOST_ROWS, int(scorer.rows * BAG_SHARE)))
    bags = [rng.choice(scorer.rows, size, replace=False) for _ in range(BAGS)]
    weights = np.mean([_pick(scorer, raws, bag) for bag in bags], axis=0)
    weights = np.where(weights < LEAST_WEIGHT, 0, weights)
    return np.asarray(weights / weights.sum())


def _pick(scorer: Scorer, raws: list[np.ndarray], rows: np.ndarray) -> np.ndarray:
    """Adds the member that helps most, time and again, and goes back to where the blend was best."""
    few, members = scorer.only(rows), take(raws, rows)
    total, picks = np.zeros_like(members[0]), np.zeros(len(members))
    best, best_loss = picks, np.inf
    for count in range(1, PICKS + 1):
        losses = [_loss(few, (total + member) / count) for member in members]
        picked = int(np.argmin(losses))
        total, picks = total + members[picked], picks + np.eye(len(members))[picked]
        if losses[picked] < best_loss:
            best, best_loss = picks, losses[picked]
    return best / best.sum() if best.any() else np.full(len(members), 1 / len(members))


def _loss(scorer: Scorer, raw: np.ndarray) -> float:
    """The metric itself; for labels, whose metrics go in steps, the Brier score of the probabilities."""
    if scorer.metric["predicts"] == "labels" and all(target["classes"] for target in scorer.context["targets"]):
        triples = zip(scorer.truth, scorer.probabilities(raw), scorer.classes, strict=True)
        return float(np.mean([brier(*triple).mean() for triple in triples]))
    try:
        return -scorer.sign * scorer.score(scorer.predicted(raw, {}))
    except UndefinedScoreError:
        return float(np.inf)
