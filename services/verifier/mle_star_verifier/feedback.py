"""What the held-out predictions tell, in plain sentences by rule: for the planner and the user."""

from __future__ import annotations

import numpy as np

from mle_star_verifier.scoring.scorer import Scorer

FEWEST_ROWS = 10
MOST_CLASSES = 200
SURE_BY = 0.05
SKEWED_BY = 0.1


def feedback(scorer: Scorer, raw: np.ndarray) -> list[str]:
    """A sentence or two on where raw predictions (n, k) of the held-out rows go wrong, for the first target."""
    if scorer.rows < FEWEST_ROWS:
        return []
    target = scorer.context["targets"][0]
    if target.get("words"):
        return []
    if target["classes"] is None:
        return _on_values(scorer.truth[0].astype(float), raw[:, 0])
    if scorer.metric["predicts"] == "values" or len(target["classes"]) > MOST_CLASSES:
        return []
    return _on_classes(scorer.truth[0], scorer.probabilities(raw)[0], [str(label) for label in target["classes"]])


def _on_classes(truth: np.ndarray, probabilities: np.ndarray, classes: list[str]) -> list[str]:
    likeliest = probabilities.argmax(axis=1)
    counts = np.bincount(truth * len(classes) + likeliest, minlength=len(classes) ** 2).reshape(len(classes), -1)
    rows = counts.sum(axis=1)
    found = np.where(rows > 0, np.diag(counts) / np.maximum(rows, 1), np.inf)
    worst = int(np.argmin(found))
    wrong = counts[worst].copy()
    wrong[worst] = 0
    said = []
    if wrong.any():
        said.append(
            f"Class {classes[worst]!r} is found least: {found[worst]:.0%} of its {rows[worst]} held-out rows, "
            f"most of the others taken for {classes[int(wrong.argmax())]!r}."
        )
    sure, right = float(probabilities.max(axis=1).mean()), float((likeliest == truth).mean())
    if abs(sure - right) > SURE_BY:
        how = "too bold" if sure > right else "too shy"
        said.append(f"Its probabilities are {how}: {sure:.2f} sure on average, right in {right:.2f} of the rows.")
    return said


def _on_values(truth: np.ndarray, predicted: np.ndarray) -> list[str]:
    """Which third of the rows, by size of the target, has most of the error, and to which side it is off."""
    thirds = np.array_split(np.argsort(truth, kind="stable"), 3)
    errors = [float(np.abs(predicted[third] - truth[third]).sum()) for third in thirds]
    if not sum(errors):
        return []
    worst = int(np.argmax(errors))
    third, name = thirds[worst], ("smallest", "middle", "largest")[worst]
    said = [
        f"The third of the rows with the {name} targets has {errors[worst] / sum(errors):.0%} of the absolute error."
    ]
    bias = float((predicted[third] - truth[third]).mean())
    if abs(bias) > SKEWED_BY * float(np.abs(predicted[third] - truth[third]).mean()):
        said.append(f"There it predicts {abs(bias):.4g} too {'much' if bias > 0 else 'little'} on average.")
    return said
