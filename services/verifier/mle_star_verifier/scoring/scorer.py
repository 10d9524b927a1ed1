"""Scores raw predictions of held-out rows: by what `decide` would submit for them, never by anything else."""

from __future__ import annotations

from copy import copy
from typing import Any

import numpy as np
import pandas as pd

from mle_star.harness.decide import decide, target_blocks
from mle_star.service.errors import BadInputError
from mle_star_verifier.scoring.functions import FUNCTIONS, Classes, multilabel_f1
from mle_star_verifier.scoring.spans import span_function
from mle_star_verifier.text import as_text, texts

Arrays = list[np.ndarray]
"""One array a target, with a row for each held-out row: see `functions` for what is in it."""

WIDEST_SCALE = 1000


class UndefinedScoreError(Exception):
    """The metric has no value on these rows; the message says why."""


class Scorer:
    """The truth of the held-out rows, and how predictions of them are scored.

    With several targets the score is the mean over the targets that have one. `sign * score` is better when larger.
    """

    def __init__(self, context: dict[str, Any], labels: pd.DataFrame) -> None:
        """`labels`: a row for each held-out row, a column for each target. Or raises UndefinedScoreError."""
        self.context = context
        self.metric = context["metric"]
        self.sign = 1 if self.metric["direction"] == "higher" else -1
        self.rows = len(labels)
        self._function = FUNCTIONS[self.metric["name"]]
        self._coded = {**context, "targets": [_coded(target) for target in context["targets"]]}
        self.classes: list[Classes] = []
        self.truth: Arrays = []
        if context["submission"]["layout"] == "span":
            text, answer = (
                labels[name].tolist() for name in (context["submission"]["text"], context["targets"][0]["name"])
            )
            self._function = span_function(self.metric["name"], text, answer)
            self.truth, self.classes = [np.arange(self.rows)], [[]]
            return
        for target in context["targets"]:
            truth, classes = _truth(labels[target["name"]], target["classes"], self.metric["predicts"])
            self.truth.append(truth)
            self.classes.append(classes)

    def predicted(self, raw: np.ndarray, decision: dict[str, Any]) -> Arrays:
        """What the metric is computed on, for raw predictions (n, k) of any rows."""
        layout, predicts = self.context["submission"]["layout"], self.metric["predicts"]
        context = self.context if predicts == "values" else self._coded
        answers = decide(raw, context, decision)
        if layout == "classes":
            return [_from_probabilities(answers.to_numpy(float), predicts)]
        if layout == "span":
            return [np.asarray([answer.split() for answer in answers.iloc[:, 0]], dtype=int).reshape(-1, 2)]
        if layout == "ranked":
            ranks = np.asarray([str(answer).split() for answer in answers.iloc[:, 0]], dtype=int)
            return [_from_ranks(ranks, len(self.classes[0]), predicts)]
        columns = [answers.iloc[:, place].to_numpy() for place in range(answers.shape[1])]
        return [
            self._from_column(column, target, classes)
            for column, target, classes in zip(columns, self.context["targets"], self.classes, strict=True)
        ]

    def only(self, rows: np.ndarray) -> Scorer:
        """The scorer of these rows alone; `rows` may hold one more than once."""
        few = copy(self)
        few.truth, few.rows = take(self.truth, rows), len(rows)
        return few

    def score(self, predicted: Arrays) -> float:
        """Raises UndefinedScoreError."""
        average = self.metric["name"].removeprefix("f1_")
        several_labels = len(self.truth) > 1 and all(len(classes) == 2 for classes in self.classes)
        if several_labels and average in {"micro", "macro", "weighted"}:
            return multilabel_f1(self.truth, predicted, average)
        triples = zip(self.truth, predicted, self.classes, strict=True)
        scores = np.asarray([self._function.score(*triple) for triple in triples])
        if not np.isfinite(scores).any():
            raise UndefinedScoreError(f"{self.metric['name']} has no value on the held-out rows: they are all alike")
        return float(scores[np.isfinite(scores)].mean())

    def influence(self, predicted: Arrays) -> np.ndarray | None:
        """How far each row moves the score (n,), to first order; None where the score is no mean over rows."""
        if (per_row := self._function.per_row) is None:
            return None
        total = np.zeros(self.rows)
        for truth, mine, classes in zip(self.truth, predicted, self.classes, strict=True):
            each = per_row(truth, mine, classes)
            slope = 0.5 / max(float(each.mean()) ** 0.5, 1e-12) if self._function.root else 1.0
            total += (each - each.mean()) * slope / len(self.truth)
        return total

    def probabilities(self, raw: np.ndarray) -> Arrays:
        """(n, classes) for each target, each row of which sums to one; of no use for numbers."""
        return [normal(block) for block in target_blocks(raw, self.context["targets"])]

    def _from_column(self, column: np.ndarray, target: dict[str, Any], classes: Classes) -> np.ndarray:
        """An answer column of the layout `targets`, as the metric wants it."""
        predicts = self.metric["predicts"]
        if predicts == "values":
            return column.astype(float)
        if target["classes"] is None and predicts == "labels":
            return _nearest(column.astype(float), classes)
        if predicts == "labels":
            return column.astype(int)
        if target["classes"] is None or len(target["classes"]) == 2:
            likely = np.clip(column.astype(float), 0, 1) if self.metric["name"] in {"log_loss", "brier"} else column
            return _from_probabilities(np.stack([1 - likely, likely], axis=1).astype(float), predicts)
        return _from_ranks(column.astype(int)[:, None], len(classes), predicts)


def take(arrays: Arrays, rows: np.ndarray) -> Arrays:
    return [each[rows] for each in arrays]


def normal(block: np.ndarray) -> np.ndarray:
    """Rows that sum to one, as `decide` makes them."""
    block = np.clip(block, 0, None)
    total = block.sum(axis=1, keepdims=True)
    return np.asarray(np.where(total > 0, block / np.where(total > 0, total, 1), 1 / block.shape[1]))


def _coded(target: dict[str, Any]) -> dict[str, Any]:
    """The target with its classes' places for names, so that `decide` answers in codes."""
    return target if target["classes"] is None else {**target, "classes": list(range(len(target["classes"])))}


def _truth(labels: pd.Series, classes: Classes | None, predicts: str) -> tuple[np.ndarray, Classes]:
    if predicts == "values":
        values = pd.to_numeric(labels, errors="coerce").to_numpy(float)
        if not np.isfinite(values).all():
            raise BadInputError(
                f"the target {labels.name!r} has held-out rows that are no numbers; the metric needs them"
            )
        return values, []
    if classes is None:
        classes = _whole_numbers(labels, WIDEST_SCALE if predicts == "labels" else 2)
    place = {as_text(label): code for code, label in enumerate(classes)}
    codes = texts(labels).map(place)
    if codes.isna().any():
        strange = texts(labels)[codes.isna()].iloc[0]
        raise BadInputError(
            f"{strange!r} is no class of the target {labels.name!r}; classes are those of the training file"
        )
    return codes.to_numpy(int), list(classes)


def _whole_numbers(labels: pd.Series, most: int) -> Classes:
    """The scale that a number target is graded on: each whole number from its least to its greatest."""
    values = pd.to_numeric(labels, errors="coerce").to_numpy(float)
    if not np.isfinite(values).all() or (values != np.round(values)).any() or np.ptp(values) >= most:
        raise UndefinedScoreError(f"the target {labels.name!r} is a number that the metric cannot be computed on")
    low, high = int(values.min()), int(values.max())
    return [0, 1] if most == 2 and low >= 0 and high <= 1 else list(range(low, high + 1))


def _nearest(values: np.ndarray, classes: Classes) -> np.ndarray:
    return np.asarray(np.clip(np.round(values), classes[0], classes[-1]) - classes[0], dtype=int)


def _from_probabilities(probabilities: np.ndarray, predicts: str) -> np.ndarray:
    if predicts == "labels":
        return np.asarray(probabilities.argmax(axis=1))
    if predicts == "ranks":
        return np.argsort(-probabilities, axis=1, kind="stable")
    return probabilities


def _from_ranks(ranks: np.ndarray, classes: int, predicts: str) -> np.ndarray:
    if predicts == "labels":
        return ranks[:, 0]
    return np.eye(classes)[ranks[:, 0]] if predicts == "probabilities" else ranks
