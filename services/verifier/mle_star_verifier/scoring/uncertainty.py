"""How sure a score is, and a difference between two.

Where the score is a mean over rows (or the root of one) the standard error comes from the rows' own numbers, by the
delta method. Else it comes from 200 seeded bootstrap draws over rows, paired where two are compared; of many rows
each draw takes but a few thousand, and the error is scaled down to all of them.
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np

from mle_star_verifier.scoring.scorer import Arrays, Scorer, UndefinedScoreError, take

DRAWS = 200
MOST_NUMBERS = 50_000
FEWEST_ROWS, MOST_ROWS = 500, 5000


def standard_error(scorer: Scorer, predicted: Arrays, seed: int) -> float | None:
    """Of the score, in its units. None where too few draws have a score."""
    influence = scorer.influence(predicted)
    if influence is not None:
        return _of_mean(influence)
    return _of_draws(scorer, [predicted], seed)


def gain(scorer: Scorer, new: Arrays, old: Arrays, seed: int) -> tuple[float, float | None]:
    """How much better the new one scores (negative: worse), and the standard error of that."""
    better = scorer.sign * (scorer.score(new) - scorer.score(old))
    ours, theirs = scorer.influence(new), scorer.influence(old)
    if ours is not None and theirs is not None:
        return better, _of_mean(ours - theirs)
    return better, _of_draws(scorer, [new, old], seed)


def probability_of(better: float, error: float | None) -> float:
    """That a gain is one."""
    if not error:
        return 0.5 if better == 0 else float(better > 0)
    return NormalDist().cdf(better / error)


def _of_mean(influence: np.ndarray) -> float | None:
    return float(influence.std(ddof=1) / len(influence) ** 0.5) if len(influence) > 1 else None


def _of_draws(scorer: Scorer, predictions: list[Arrays], seed: int) -> float | None:
    """The spread of the score, or of the first's score less the second's, over the draws."""
    rng = np.random.default_rng([seed, scorer.rows])
    width = sum(max(1, len(classes)) for classes in scorer.classes)
    taken = min(scorer.rows, max(FEWEST_ROWS, min(MOST_ROWS, MOST_NUMBERS // width)))
    found = []
    for _ in range(DRAWS):
        rows = rng.integers(scorer.rows, size=taken)
        try:
            few = scorer.only(rows)
            scores = [few.score(take(predicted, rows)) for predicted in predictions]
        except UndefinedScoreError:
            continue
        found.append(scores[0] - (scores[1] if len(scores) > 1 else 0))
    return float(np.std(found, ddof=1) * (taken / scorer.rows) ** 0.5) if len(found) > 1 else None
