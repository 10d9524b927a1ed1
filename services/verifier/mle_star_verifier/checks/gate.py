"""The gate: whether a submission would be accepted, and what can be put right without guessing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from mle_star.tasks.competition import Competition, Layout, Target
from mle_star.tasks.metric import Predicts
from mle_star.tasks.verdict import Violation
from mle_star_verifier.text import as_text, texts

ORDER_ALONE = {"auc", "average_precision", "mean_column_auc"}
SMALLEST_POSITIVE = float(np.finfo(float).tiny)
LEAST = {"rmsle": 0.0, "mean_column_rmsle": 0.0, "rmse_log": SMALLEST_POSITIVE}
SUM_TOLERANCE = 1e-6


class _StopError(Exception):
    """What follows cannot be checked."""


class _Gate:
    """The checks in order; each may repair the frame for the next."""

    def __init__(
        self, frame: pd.DataFrame, competition: Competition, sample: pd.DataFrame, labels: pd.DataFrame
    ) -> None:
        self.frame = frame
        self.competition = competition
        self.form = competition.submission
        self.sample = sample
        self.labels = labels
        self.violations: list[Violation] = []

    def fault(self, code: str, message: str) -> None:
        self.violations.append(Violation(code=code, message=message))

    def repair(self, code: str, message: str) -> None:
        self.violations.append(Violation(code=code, message=message, repaired=True))

    def columns(self) -> None:
        wanted, found = self.form.columns, [str(column) for column in self.frame.columns]
        self.frame.columns = pd.Index(found)
        if found == wanted:
            return
        if len(set(found)) < len(found):
            self.fault("duplicate_columns", f"a column is there twice: {_some(found)}; the sample has {_some(wanted)}")
            raise _StopError
        match = _match_columns(found, wanted)
        if missing := [column for column in wanted if column not in match]:
            self.fault("missing_columns", f"the columns {_some(missing)} are missing; found {_some(found)}")
            raise _StopError
        if extra := [column for column in found if column not in match.values()]:
            self.repair("extra_columns", f"the columns {_some(extra)}, which the sample lacks, were left out")
        ours = [match[column] for column in wanted]
        if ours != wanted:
            self.repair("column_names", "columns were renamed to the sample's spelling")
        if [column for column in found if column in ours] != ours:
            self.repair("column_order", "columns were put in the sample's order")
        self.frame = self.frame[ours].set_axis(wanted, axis=1)

    def rows(self) -> None:
        """The right rows in the sample's order: by their ids, or by their number if there are none."""
        ids = [column for column in self.form.columns if column not in self.form.answers]
        if len(self.frame) != len(self.sample):
            self.fault("row_count", f"there are {len(self.frame)} rows; the sample has {len(self.sample)}")
            if not ids:
                raise _StopError
        if not ids:
            return
        ours, theirs = _keys(self.frame, ids), _keys(self.sample, ids)
        if not ours.equals(theirs):
            self._same_ids(ours, theirs)
            if theirs.is_unique:
                self.frame = self.frame.iloc[ours.get_indexer(theirs)]
            elif (ours != theirs).any():
                self.fault("ids", "ids that are there more than once must stand in the sample's order")
                raise _StopError
            self.repair("row_order", "rows were put in the sample's order")
        for column in ids:
            self.frame[column] = self.sample[column].to_numpy()

    def _same_ids(self, ours: pd.Index, theirs: pd.Index) -> None:
        missing, unknown = theirs.difference(ours), ours.difference(theirs)
        repeated = ours[ours.duplicated()].difference(theirs[theirs.duplicated()])
        for code, ids, what in (
            ("duplicate_ids", repeated, "are there more than once"),
            ("missing_ids", missing, "are missing"),
            ("unknown_ids", unknown, "are not in the sample"),
        ):
            if len(ids):
                shown = [" ".join(key) if isinstance(key, tuple) else key for key in ids[:3]]
                self.fault(code, f"{len(ids)} ids {what}, such as {', '.join(map(repr, shown))}")
        if len(missing) or len(unknown) or len(repeated) or len(ours) != len(theirs):
            raise _StopError

    def answers(self) -> None:
        if self.form.layout in {Layout.UNKNOWN, Layout.SPAN}:
            return
        if self.form.layout is Layout.RANKED:
            self._ranked(self.form.answers[0], self.competition.targets[0])
        elif self.form.layout is Layout.CLASSES:
            if all([self._number(column, 0, 1) for column in self.form.answers]):  # noqa: C419 - each says its own
                self._sums()
        else:
            for column, target in zip(self.form.answers, self.competition.targets, strict=True):
                self._target(column, target)

    def _target(self, column: str, target: Target) -> None:
        metric = self.competition.metric
        several_classes = target.classes is not None and len(target.classes) > 2
        if metric.predicts is Predicts.VALUES:
            self._number(column, LEAST.get(metric.name, -np.inf), np.inf)
        elif metric.predicts is Predicts.LABELS or several_classes:
            self._label(column, target)
        elif target.classes is None and metric.name in ORDER_ALONE:
            self._number(column, -np.inf, np.inf)
        else:
            self._number(column, 0, 1)

    def _number(self, column: str, low: float, high: float) -> bool:
        """Whether the column holds numbers in this range; text that says a number becomes one."""
        values = self.frame[column]
        if values.dtype.kind == "b":
            values = values.astype(int)
        numbers = values if values.dtype.kind in "iuf" else pd.to_numeric(values, errors="coerce")
        numbers = numbers.astype(float) if numbers.dtype.kind not in "iuf" else numbers
        if words := int((numbers.isna() & values.notna()).sum()):
            self.fault("wrong_type", f"{words} answers in {column!r} are no numbers")
            return False
        finite = np.isfinite(numbers.to_numpy(float))
        if bad := int((~finite).sum()):
            self.fault("missing_values", f"{bad} answers in {column!r} are missing or infinite")
            return False
        if numbers.dtype != self.frame[column].dtype:
            self.repair("answer_type", f"answers in {column!r} were written as numbers")
        self.frame[column] = numbers
        if bad := int(((numbers < low) | (numbers > high)).sum()):
            above = "above 0" if low == SMALLEST_POSITIVE else f"{low:g} or more"
            bounds = f"between {low:g} and {high:g}" if np.isfinite(high) else above
            self.fault("out_of_range", f"{bad} answers in {column!r} are out of range; they must be {bounds}")
            return False
        return True

    def _label(self, column: str, target: Target) -> None:
        """Each answer is a label of the training file, in its spelling."""
        answers = texts(self.frame[column])
        known = {as_text(label): label for label in self._labels_of(target)}
        if blank := int((answers == "").sum() if "" not in known else 0):
            self.fault("missing_values", f"{blank} answers in {column!r} are missing")
        strange = answers[~answers.isin(known) & (answers != "")]
        if len(strange):
            said = ", ".join(map(repr, strange.unique()[:3]))
            self.fault(
                "unknown_labels", f"{len(strange)} answers in {column!r} are no label of the training file: {said}"
            )
        if blank or len(strange):
            return
        spelled = answers.map(known).infer_objects()
        if (self.frame[column].astype(object).map(str) != spelled.astype(object).map(str)).any():
            self.repair("label_spelling", f"labels in {column!r} were spelled as in the training file")
        self.frame[column] = spelled

    def _labels_of(self, target: Target) -> list[Any]:
        """A number target that is graded as labels may take each whole number of its range."""
        if target.classes is not None:
            return list(target.classes)
        values = self.labels[target.name]
        if pd.api.types.is_numeric_dtype(values):
            return list(range(int(values.min()), int(values.max()) + 1))
        return list(values.unique())

    def _ranked(self, column: str, target: Target) -> None:
        lists = texts(self.frame[column])
        if blank := int((lists == "").sum()):
            self.fault("missing_values", f"{blank} answers in {column!r} are empty")
        k, known = self.competition.metric.k, {as_text(label) for label in self._labels_of(target)}
        split = lists.str.split()
        if k and (long := int((split.str.len() > k).sum())):
            self.fault("too_many_labels", f"{long} answers in {column!r} name more than {k} labels")
        if strange := sorted({label for answer in split for label in answer} - known):
            self.fault("unknown_labels", f"answers in {column!r} name labels never seen in training: {_some(strange)}")

    def _sums(self) -> None:
        """Class columns under the log loss, which rescales each row itself."""
        if self.competition.metric.name != "log_loss":
            return
        sums = self.frame[self.form.answers].sum(axis=1)
        if nothing := int((sums <= 0).sum()):
            self.fault("row_sums", f"{nothing} rows give no class a probability")
        elif off := int((np.abs(sums - 1) > SUM_TOLERANCE).sum()):
            self.frame[self.form.answers] = self.frame[self.form.answers].div(sums, axis=0)
            self.repair("row_sums", f"the probabilities of {off} rows were scaled to sum to one, as the metric does")


def gate(
    frame: pd.DataFrame, competition: Competition, sample: pd.DataFrame, labels: pd.DataFrame
) -> tuple[pd.DataFrame, list[Violation]]:
    """The frame as it can be submitted, and all that is or was wrong with it; it is valid if all was repaired.

    `sample` is the sample submission; `labels` has the targets of training rows.
    """
    checks = _Gate(frame.reset_index(drop=True).copy(), competition, sample.reset_index(drop=True), labels)
    steps: list[Callable[[], None]] = [checks.columns, checks.rows, checks.answers]
    try:
        for step in steps:
            step()
    except _StopError:
        pass
    return checks.frame.reset_index(drop=True), checks.violations


def constant_answers(frame: pd.DataFrame, competition: Competition) -> list[str]:
    """The answer columns in which every row says the same."""
    return [column for column in competition.submission.answers if texts(frame[column]).nunique() == 1 < len(frame)]


def _match_columns(found: list[str], wanted: list[str]) -> dict[str, str]:
    """Wanted to found column: of the same name, or the only one that differs from it by case and blanks alone."""
    match = {column: column for column in wanted if column in found}
    for column in wanted:
        alike = [name for name in found if name not in match.values() and _loose(name) == _loose(column)]
        if column not in match and len(alike) == 1:
            match[column] = alike[0]
    return match


def _loose(name: str) -> str:
    return name.strip().casefold()


def _keys(frame: pd.DataFrame, ids: list[str]) -> pd.Index:
    if len(ids) == 1:
        return pd.Index(texts(frame[ids[0]]))
    return pd.MultiIndex.from_frame(frame[ids].apply(texts))


def _some(names: list[str]) -> str:
    return ", ".join(map(str, names[:8])) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
