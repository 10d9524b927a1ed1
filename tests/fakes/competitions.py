"""Small competitions and verdicts for tests that need some, and do not care which."""

from __future__ import annotations

from typing import Any

from mle_star.tasks.artifact import Artifact
from mle_star.tasks.attempt import Attempt
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
from mle_star.tasks.execution import Outcome
from mle_star.tasks.metric import METRICS
from mle_star.tasks.task import TaskType
from mle_star.tasks.verdict import Verdict


def artifact(name: str, fill: str = "0") -> Artifact:
    return Artifact(name=name, digest=fill * 64, size=1)


def binary_competition(metric: str = "accuracy", **changes: Any) -> Competition:
    """Two classes, one number as input; its artifacts are in no store."""
    fields: dict[str, Any] = {
        "name": "small",
        "task_type": TaskType.CLASSIFICATION,
        "metric": METRICS[metric],
        "targets": [Target(name="y", classes=[0, 1])],
        "columns": [Column(name="x", kind=ColumnKind.NUMBER, distinct=100, missing=0)],
        "ids": ["id"],
        "train_rows": 100,
        "test_rows": 20,
        "files": Files(train="train.csv", test="test.csv", sample="sample_submission.csv"),
        "artifacts": {name: artifact(name) for name in ("train.csv", "test.csv", "sample_submission.csv")},
        "submission": Submission(
            columns=["id", "y"],
            answers=["y"],
            layout=Layout.TARGETS,
            rows=RowMap.ONE_TO_ONE,
            key=("id", "id"),
            count=20,
            wants_integers=True,
        ),
        "split": Split(kind=SplitKind.STRATIFIED),
    }
    return Competition(**{**fields, **changes})


def attempt(outcome: Outcome = Outcome.OK, **changes: Any) -> Attempt:
    fields: dict[str, Any] = {
        "outcome": outcome,
        "program": artifact("solution.py", "1"),
        "held_out": artifact("held_out.parquet", "2"),
        "test": artifact("test.parquet", "3"),
        "seconds": 1.0,
        "blind": True,
    }
    return Attempt(**{**fields, **changes})


def verdict(score: float | None, **changes: Any) -> Verdict:
    return Verdict(score=score, standard_error=0.01, submission=artifact("sample_submission.csv", "4"), **changes)
