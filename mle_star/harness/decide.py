"""From raw predictions to answers: what the metric wants, for each test row."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from mle_star.harness.spans import LEAN, best_spans


def decide(raw: np.ndarray, context: dict[str, Any], decision: dict[str, Any]) -> pd.DataFrame:
    """Raw predictions (n, k) to answers: n rows, a column for each of the submission's answers.

    `decision` may hold `threshold` (of the last of two classes), `class_weights` (one a class, for the first
    target), `low` and `high` (bounds of values), `round`, and `lean` (of spans, which are answered by the places of
    their first and last word).
    """
    submission, predicts = context["submission"], context["metric"]["predicts"]
    blocks = target_blocks(raw, context["targets"])
    if submission["layout"] == "classes":
        return pd.DataFrame(_normal(blocks[0]), columns=submission["answers"])
    if submission["layout"] == "span":
        spans = best_spans(blocks[0], decision.get("lean", LEAN))
        return pd.DataFrame({submission["answers"][0]: [f"{first} {last}" for first, last in spans]}, dtype=object)
    if submission["layout"] == "ranked":
        labels = _ranked(blocks[0], context["targets"][0]["classes"], context["metric"]["k"] or 5)
        return pd.DataFrame({submission["answers"][0]: labels})
    columns = []
    for block, target in zip(blocks, context["targets"], strict=True):
        if target["classes"] is None:
            columns.append(_value(block[:, 0], decision))
        elif predicts in {"probabilities", "ranks"} and len(target["classes"]) == 2:
            columns.append(pd.Series(_normal(block)[:, 1]))
        elif predicts == "values":
            columns.append(pd.Series(_normal(block) @ np.asarray(target["classes"], dtype=float)))
        else:
            columns.append(pd.Series(pick_labels(block, target["classes"], decision)))
    return pd.concat(columns, axis=1, keys=submission["answers"])


def target_blocks(raw: np.ndarray, targets: list[dict[str, Any]]) -> list[np.ndarray]:
    """The columns of each target: (n, classes), (n, 1) for a number, or (n, words)."""
    widths = [target.get("words") or (len(target["classes"]) if target["classes"] else 1) for target in targets]
    return np.split(raw, np.cumsum(widths)[:-1], axis=1)


def pick_labels(block: np.ndarray, classes: list[Any], decision: dict[str, Any]) -> np.ndarray:
    """The label of each row: the likeliest, by class weights or, of two classes, by a threshold."""
    values = np.asarray(classes, dtype=object)
    if "threshold" in decision and len(classes) == 2:
        return np.asarray(values[(_normal(block)[:, 1] >= decision["threshold"]).astype(int)])
    weights = decision.get("class_weights")
    if weights is not None and len(weights) == len(classes):
        block = block * np.asarray(weights)
    return np.asarray(values[np.argmax(block, axis=1)])


def _normal(block: np.ndarray) -> np.ndarray:
    """Probabilities that sum to one."""
    block = np.clip(block, 0, None)
    total = block.sum(axis=1, keepdims=True)
    return np.where(total > 0, block / np.where(total > 0, total, 1), 1 / block.shape[1])


def _value(values: np.ndarray, decision: dict[str, Any]) -> pd.Series:
    values = np.clip(values, decision.get("low", -np.inf), decision.get("high", np.inf))
    return pd.Series(np.round(values).astype(int) if decision.get("round") else values)


def _ranked(block: np.ndarray, classes: list[Any], k: int) -> list[str]:
    order = np.argsort(-block, axis=1, kind="stable")[:, :k]
    return [" ".join(str(classes[place]) for place in row) for row in order]
