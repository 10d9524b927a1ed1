"""Weights and decision found on some held-out rows and scored on others, so that the score stays honest.

The held-out rows are cut into parts; what is found on the other parts is applied to each, and all are scored
together. What is returned for use is found anew on all rows: the score is that of the procedure, as ever with folds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from mle_star.harness.blend import blend
from mle_star_verifier.ensemble import fit_weights
from mle_star_verifier.scoring.decision import Find, ways
from mle_star_verifier.scoring.scorer import Arrays, Scorer
from mle_star_verifier.scoring.uncertainty import gain, probability_of

PARTS, FEW_PARTS = 5, 2
FEW_ROWS, TOO_FEW_ROWS = 200, 20


@dataclass(frozen=True)
class Part:
    """`rows` are scored; `others` is where things are found; `raw` is the blend of all rows, by weights of `others`."""

    rows: np.ndarray
    others: np.ndarray
    raw: np.ndarray


@dataclass(frozen=True)
class Fitted:
    """`predicted` is cross-fitted: what the metric is computed on; `gained` is by the decision, if it was tuned."""

    weights: np.ndarray
    decision: dict[str, Any]
    find: Find
    predicted: Arrays
    gained: float


def fit(scorer: Scorer, raws: list[np.ndarray], seed: int) -> Fitted:
    """Of one member or several, each (n, k). Raises UndefinedScoreError where a gain has to be measured."""
    parts = _parts(scorer, raws, seed)
    first, *others = ways(scorer)
    find, predicted, gained = first.find, _cross_fitted(scorer, parts, first.find), 0.0
    for way in others:
        theirs = _cross_fitted(scorer, parts, way.find)
        better, error = gain(scorer, theirs, predicted, seed)
        if better >= 0 and probability_of(better, error) >= way.least_probability:
            find, predicted, gained = way.find, theirs, better
    rows = np.arange(scorer.rows)
    weights = fit_weights(scorer, raws, rows, seed)
    decision = find(scorer, blend(raws, list(weights)), rows)
    return Fitted(weights, decision, find, predicted, gained)


def best_single(scorer: Scorer, raws: list[np.ndarray], find: Find, seed: int) -> Arrays:
    """What the member that scores best alone predicts, its decision cross-fitted the same way."""
    each = [_cross_fitted(scorer, _parts(scorer, [raw], seed), find) for raw in raws]
    return max(each, key=lambda predicted: scorer.sign * scorer.score(predicted))


def _cross_fitted(scorer: Scorer, parts: list[Part], find: Find) -> Arrays:
    pieces = [scorer.predicted(part.raw[part.rows], find(scorer, part.raw, part.others)) for part in parts]
    order = np.argsort(np.concatenate([part.rows for part in parts]))
    return [np.concatenate(target)[order] for target in zip(*pieces, strict=True)]


def _parts(scorer: Scorer, raws: list[np.ndarray], seed: int) -> list[Part]:
    """Each part has its share of every class (or size of value); too few rows are one part, found on itself."""
    everything = np.arange(scorer.rows)
    if scorer.rows < TOO_FEW_ROWS:
        return [Part(everything, everything, blend(raws, [1.0] * len(raws)))]
    count = FEW_PARTS if scorer.rows < FEW_ROWS else PARTS
    shuffled = np.random.default_rng(seed).permutation(scorer.rows)
    order = np.lexsort((shuffled, scorer.truth[0]))
    parts = []
    for place in range(count):
        rows = np.sort(order[place::count])
        others = np.setdiff1d(everything, rows, assume_unique=True)
        parts.append(Part(rows, others, blend(raws, list(fit_weights(scorer, raws, others, seed)))))
    return parts
