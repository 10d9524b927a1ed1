"""Small competitions: tables in, a `Competition` with its files in an artifact store out, without intake."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from mle_star.artifacts import ArtifactStore
from mle_star.harness.tables import write_table
from mle_star.tasks.competition import (
    Column,
    ColumnKind,
    Competition,
    Files,
    Layout,
    RowMap,
    Split,
    SplitKind,
    Submission,
    Target,
)
from mle_star.tasks.metric import find_metric
from mle_star.tasks.task import TaskType


def make_competition(
    store: ArtifactStore,
    folder: Path,
    train: pd.DataFrame,
    test: pd.DataFrame,
    targets: list[str],
    metric: str,
    *,
    kinds: dict[str, str] | None = None,
    ids: tuple[str, ...] = (),
    layout: Layout = Layout.TARGETS,
    folds: int = 3,
    split: dict[str, Any] | None = None,
    form: str = "csv",
    name: str = "made-up",
) -> Competition:
    """Writes train, test and sample into the folder and the store. Object targets and those of few integers are
    classes. The sample has the first id as its key, if there is one."""
    found = [_target(train[target], metric) for target in targets]
    answers = [str(label) for label in found[0].classes or []] if layout is Layout.CLASSES else targets
    sample = test[list(ids[:1])].copy()
    for answer in answers:
        sample[answer] = 0.5 if layout is Layout.CLASSES else train[answer].dropna().iloc[0]
    files = {f"train.{form}": train, f"test.{form}": test, f"sample_submission.{form}": sample}
    for file, frame in files.items():
        write_table(frame, folder / file)
    inputs = [column for column in test.columns if column in train and column not in (*ids, *targets)]
    classes = found[0].classes is not None
    return Competition(
        name=name,
        task_type=TaskType.CLASSIFICATION if classes else TaskType.REGRESSION,
        metric=find_metric(metric),
        targets=found,
        columns=[_column(train[column], (kinds or {}).get(column)) for column in inputs],
        ids=list(ids),
        train_rows=len(train),
        test_rows=len(test),
        files=Files(train=f"train.{form}", test=f"test.{form}", sample=f"sample_submission.{form}"),
        artifacts={file: store.put_file(folder / file) for file in files},
        submission=Submission(
            columns=list(sample.columns),
            answers=answers,
            layout=layout,
            rows=RowMap.ONE_TO_ONE,
            key=(ids[0], ids[0]) if ids else None,
            count=len(sample),
        ),
        split=Split(**{"kind": SplitKind.STRATIFIED if classes else SplitKind.RANDOM, "folds": folds, **(split or {})}),
    )


def _target(column: pd.Series, metric: str) -> Target:
    values = column.dropna()
    numeric = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
    if numeric and find_metric(metric).predicts == "values":
        return Target(name=str(column.name))
    labels = values.convert_dtypes().unique().tolist() if numeric else values.unique().tolist()
    return Target(name=str(column.name), classes=sorted(labels))


def _column(column: pd.Series, kind: str | None) -> Column:
    if kind is None:
        numeric = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
        kind = "number" if numeric else "category"
    distinct = column.map(str).nunique()
    return Column(name=str(column.name), kind=ColumnKind(kind), distinct=distinct, missing=float(column.isna().mean()))
