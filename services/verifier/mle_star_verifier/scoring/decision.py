"""The parameters of `decide`: each way to find them, from held-out rows alone."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from mle_star_verifier.scoring.crossfit import TOO_FEW_ROWS, Fitted, cross_fit
from mle_star_verifier.scoring.scorer import Arrays, Scorer, UndefinedScoreError
from mle_star_verifier.scoring.uncertainty import gain, probability_of

Decision = dict[str, Any]
Find = Callable[[Scorer, np.ndarray], Decision]
"""Takes a scorer and raw predictions (n, k) of its rows."""

TUNED = {"balanced_accuracy", "f1", "f1_macro", "f1_weighted", "mcc", "quadratic_kappa"}
NEVER_NEGATIVE = {"rmsle", "rmse_log", "mean_column_rmsle"}
ORDER_ALONE = {"pearson", "spearman"}
MOST_CLASSES = 50
MOST_ROWS = 5000
THRESHOLDS = 60
SMOOTHED_OVER = 5
FACTORS = np.geomspace(0.4, 2.5, 9)
SWEEPS = 2
LEANS = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]


@dataclass(frozen=True)
class Way:
    """A way to decide. It replaces simpler ones where its gain is as likely as `least_probability`."""

    find: Find
    least_probability: float = 0.5


def ways(scorer: Scorer) -> list[Way]:
    """The ways that the metric allows, the simplest first: that one needs no proof."""
    submission, metric = scorer.context["submission"], scorer.metric
    classes = [target["classes"] for target in scorer.context["targets"]]
    if submission["layout"] == "span":
        return [Way(_lean)]
    if submission["layout"] != "targets":
        return [Way(_nothing)]
    if metric["predicts"] == "values" and None in classes:
        found = [Way(_clip)] if metric["name"] in NEVER_NEGATIVE else [Way(_nothing), Way(_clip)]
        found = [Way(_nothing)] if metric["name"] in ORDER_ALONE else found
        return [*found, Way(_clip_and_round)] if submission["wants_integers"] else found
    if metric["predicts"] == "labels" and None in classes:
        return [Way(_clip_and_round)]
    if metric["name"] in TUNED and all(len(each) == 2 for each in classes):
        return [Way(_nothing), Way(_threshold, 0.65)]
    if metric["name"] in TUNED and len(classes) == 1 and len(classes[0]) <= MOST_CLASSES:
        return [Way(_nothing), Way(_class_weights, 0.65)]
    return [Way(_nothing)]


def choose(scorer: Scorer, raw: np.ndarray, seed: int) -> Decision:
    """The decision for raw predictions (n, k), found by the simplest way that none is credibly better than.

    Scores of this are honest only on other rows: that one way was chosen of several is a fit like any other.
    """
    best, *others = ways(scorer)
    if others and scorer.rows >= TOO_FEW_ROWS:
        with suppress(UndefinedScoreError):
            predicted = _cross_fitted(scorer, raw, best.find, seed)
            for way in others:
                theirs = _cross_fitted(scorer, raw, way.find, seed)
                better, error = gain(scorer, theirs, predicted, seed)
                if better >= 0 and probability_of(better, error) >= way.least_probability:
                    best, predicted = way, theirs
    return best.find(scorer, raw)


def _cross_fitted(scorer: Scorer, raw: np.ndarray, find: Find, seed: int) -> Arrays:
    return cross_fit(scorer, [raw], lambda few, raws: Fitted(np.ones(1), find(few, raws[0])), seed)


def _nothing(scorer: Scorer, raw: np.ndarray) -> Decision:
    return {}


def _clip(scorer: Scorer, raw: np.ndarray) -> Decision:
    """To the range of the labels; where the test lies ahead in time, only to zero if none is below."""
    numbers = [
        np.asarray(classes)[truth] if classes else truth
        for truth, classes, target in zip(scorer.truth, scorer.classes, scorer.context["targets"], strict=True)
        if target["classes"] is None
    ]
    low, high = float(min(each.min() for each in numbers)), float(max(each.max() for each in numbers))
    if scorer.context["split"]["kind"] not in {"forward", "block"}:
        return {"low": low, "high": high}
    return {"low": 0.0} if low >= 0 else {}


def _clip_and_round(scorer: Scorer, raw: np.ndarray) -> Decision:
    return {**_clip(scorer, raw), "round": True}


def _threshold(scorer: Scorer, raw: np.ndarray) -> Decision:
    """The middle of the best stretch of thresholds, so that no single row decides."""
    scorer, raw = _few(scorer, raw)
    likely = [each[:, 1] for each in scorer.probabilities(raw)]
    thresholds = np.unique(np.quantile(np.concatenate(likely), np.linspace(0.005, 0.995, THRESHOLDS)))
    scores = _scores(scorer, [[(each >= threshold).astype(int) for each in likely] for threshold in thresholds])
    width = min(SMOOTHED_OVER, len(scores))
    smooth = np.convolve(np.pad(scores, width // 2, mode="edge"), np.ones(width) / width, mode="valid")[: len(scores)]
    return {"threshold": float(thresholds[np.argmax(smooth)])}


def _lean(scorer: Scorer, raw: np.ndarray) -> Decision:
    """How likely a word must be in the answer to be worth taking."""
    scorer, raw = _few(scorer, raw)
    scores = _scores(scorer, [scorer.predicted(raw, {"lean": lean}) for lean in LEANS])
    return {"lean": LEANS[int(np.argmax(scores))]}


def _class_weights(scorer: Scorer, raw: np.ndarray) -> Decision:
    """From equal weights or those that level the classes, one class at a time is made likelier or less so."""
    scorer, raw = _few(scorer, raw)
    seen = np.bincount(scorer.truth[0], minlength=len(scorer.classes[0])) / scorer.rows
    level = 1 / np.maximum(seen, 1 / scorer.rows)
    tried = [np.ones(len(seen)), level**0.5, level]
    best, best_score = tried[0], -np.inf
    for step in range(1 + SWEEPS * len(seen)):
        scores = _scores(scorer, [[np.argmax(raw * weights, axis=1)] for weights in tried])
        if scores.max() > best_score:
            best, best_score = tried[int(np.argmax(scores))], float(scores.max())
        changed = np.arange(len(seen)) == step % len(seen)
        tried = [np.where(changed, best * factor, best) for factor in FACTORS]
    return {"class_weights": [round(float(weight), 6) for weight in best / best.mean()]}


def _scores(scorer: Scorer, tried: list[Arrays]) -> np.ndarray:
    """Of the labels that each decision makes: better is larger, and undefined is worst."""
    scores = []
    for labels in tried:
        try:
            scores.append(scorer.sign * scorer.score(labels))
        except UndefinedScoreError:
            scores.append(-np.inf)
    return np.asarray(scores)


def _few(scorer: Scorer, raw: np.ndarray) -> tuple[Scorer, np.ndarray]:
    """Evenly spaced rows of many: what is looked for needs no more."""
    rows = np.arange(0, scorer.rows, -(-scorer.rows // MOST_ROWS))
    return scorer.only(rows), raw[rows]
