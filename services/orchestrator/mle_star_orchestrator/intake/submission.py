"""The form of a submission: how its answers lie in columns, and how its rows relate to the test rows."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from mle_star.tasks.competition import Layout, RowMap, Submission, Target
from mle_star.tasks.metric import Metric, Predicts
from mle_star_orchestrator.intake.names import squash
from mle_star_orchestrator.intake.notes import Notes, listed
from mle_star_orchestrator.intake.spans import text_of_spans
from mle_star_orchestrator.intake.targets import Targets, plain
from mle_star_orchestrator.intake.values import Nature

LEAST_OVERLAP = 0.5
OF_SPANS = {"jaccard", "accuracy"}


@dataclass(frozen=True)
class Map:
    rows: RowMap
    key: tuple[str, str] | None
    why: str


def describe_submission(
    test: pd.DataFrame, sample: pd.DataFrame, found: Targets, targets: list[Target], natures: list[Nature],
    metric: Metric, train: pd.DataFrame, notes: Notes,
) -> Submission:  # fmt: skip
    text = text_of_spans(train, test, found.names[0]) if natures == [Nature.FREE] and metric.name in OF_SPANS else None
    layout, why = _layout(found, targets, natures, metric, text)
    notes.decide("submission layout", layout, why)
    if layout is Layout.UNKNOWN:
        notes.warn(f"the submission keeps the sample's values: {why}")
    answers = found.answers
    if found.class_columns:
        answers = [found.class_columns[plain(label)] for label in targets[0].classes or []]
        _warn_of_unknown_classes(sample, test, answers, notes)
    mapped = _row_map(sample, test, answers)
    notes.decide("row map", f"{mapped.rows}, by {mapped.key[0]}" if mapped.key else mapped.rows, mapped.why)
    if mapped.rows is RowMap.UNVERIFIED:
        notes.warn(f"the submission's score is unverified: {mapped.why}")
    return Submission(
        columns=list(sample.columns),
        answers=answers,
        layout=layout,
        rows=mapped.rows if layout is not Layout.UNKNOWN else RowMap.UNVERIFIED,
        key=mapped.key,
        count=len(sample),
        wants_integers=metric.predicts not in {Predicts.PROBABILITIES, Predicts.RANKS}
        and _are_integers(sample[answers])
        and _are_integers(train[found.names]),
        text=text,
    )


def _layout(
    found: Targets, targets: list[Target], natures: list[Nature], metric: Metric, text: str | None
) -> tuple[Layout, str]:
    if found.class_columns:
        return Layout.CLASSES, f"a column for each class of {found.names[0]}, all for probabilities"
    if text is not None:
        return Layout.SPAN, f"{found.names[0]} is a part of {text} in nearly every training row"
    if Nature.FREE in natures:
        return Layout.UNKNOWN, f"{listed(found.names)} holds {Nature.FREE}: nothing here predicts that"
    if len({target.classes is None for target in targets}) > 1:
        return Layout.UNKNOWN, f"{listed(found.names)} are classes and numbers together: nothing here predicts that"
    if metric.predicts is Predicts.RANKS:
        return Layout.RANKED, f"{metric.name} wants the {metric.k} likeliest labels in one column"
    return Layout.TARGETS, f"a column for each target, for {metric.predicts}"


def _warn_of_unknown_classes(sample: pd.DataFrame, test: pd.DataFrame, answers: list[str], notes: Notes) -> None:
    others = [column for column in sample.columns[1:] if column not in answers and column not in test.columns]
    if others:
        notes.warn(f"no training row is of the classes of {listed(others)}: these columns keep the sample's values")


def _row_map(sample: pd.DataFrame, test: pd.DataFrame, answers: list[str]) -> Map:
    """By a key that sample and test share, else by position where they are equally long."""
    same_length = len(sample) == len(test)
    keys = [column for column in sample.columns if column not in answers]
    best: tuple[float, Map] | None = None
    for column in keys:
        other = _test_column(column, sample, test)
        if other is None:
            continue
        ours, theirs = as_keys(sample[column]), as_keys(test[other])
        if same_length and not ours.is_unique and not theirs.is_unique:
            continue  # it cannot tell rows apart, and position can
        overlap = float(ours.isin(theirs).mean())
        if overlap >= LEAST_OVERLAP and (best is None or overlap > best[0]):
            best = overlap, _by_key(ours, theirs, (column, other), overlap)
    if best is not None:
        return best[1]
    if same_length:
        return Map(RowMap.ONE_TO_ONE, None, "no column names the rows; sample and test have equally many, in one order")
    return Map(RowMap.UNVERIFIED, None, f"nothing ties the sample's {len(sample)} rows to the {len(test)} test rows")


def _by_key(ours: pd.Series, theirs: pd.Series, key: tuple[str, str], overlap: float) -> Map:
    share = "" if overlap == 1 else f"; {1 - overlap:.1%} of the sample's rows are in no test row and keep their values"
    if not theirs.is_unique:
        return Map(RowMap.AGGREGATED, key, f"several test rows share one {key[1]}: their answers are aggregated{share}")
    if not ours.is_unique:
        return Map(RowMap.MANY_TO_ONE, key, f"several rows of the sample share one {key[0]} of the test file{share}")
    return Map(RowMap.ONE_TO_ONE, key, f"{key[0]} names each row in both{share}")


def _test_column(column: str, sample: pd.DataFrame, test: pd.DataFrame) -> str | None:
    """The test's column of that name, or of that name but for case, or one with the very same values."""
    if column in test.columns:
        return column
    alike = [other for other in test.columns if squash(other) == squash(column)]
    if len(alike) == 1:
        return str(alike[0])
    ours = as_keys(sample[column])
    if ours.is_unique and len(sample) == len(test):
        for other in test.columns:
            if test[other].dtype == sample[column].dtype and set(as_keys(test[other])) == set(ours):
                return str(other)
    return None


def as_keys(values: pd.Series) -> pd.Series:
    """Values as text, so that 7, 7.0 and '7' are one key."""
    if pd.api.types.is_integer_dtype(values):
        return values.astype(str)
    return values.map(plain)


def _are_integers(frame: pd.DataFrame) -> bool:
    return all(
        pd.api.types.is_numeric_dtype(frame[column])
        and not pd.api.types.is_bool_dtype(frame[column])
        and bool((frame[column].dropna() % 1 == 0).all())
        for column in frame.columns
    )
