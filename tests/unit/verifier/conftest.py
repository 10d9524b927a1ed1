"""Competitions whose predictions are made by hand: as good, or as hostile, as a test wants them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from mle_star_verifier.judge import Judge

from mle_star.artifacts import ArtifactStore
from mle_star.harness.folds import held_out_rows
from mle_star.tasks.artifact import Artifact
from mle_star.tasks.competition import Competition, Files, Layout, RowMap, Split, SplitKind, Submission, Target
from mle_star.tasks.metric import Predicts, find_metric
from mle_star.tasks.task import TaskType
from mle_star.tasks.verdict import Predictions, Verdict, VerdictRequest


@dataclass
class Bench:
    """A competition, its labels, and a judge of predictions for it."""

    store: ArtifactStore
    folder: Path
    competition: Competition
    train: pd.DataFrame
    labels: pd.DataFrame

    def __post_init__(self) -> None:
        self.judge = Judge(self.store)

    @property
    def targets(self) -> pd.DataFrame:
        return self.labels.drop(columns="row")

    def put(self, frame: pd.DataFrame, name: str = "predictions.parquet") -> Artifact:
        path = self.folder / name
        frame.to_parquet(path, index=False)
        return self.store.put_file(path)

    def truth(self) -> np.ndarray:
        """The raw predictions (n, k) of one who knows: ones and zeros, or the values."""
        blocks = []
        for target in self.competition.targets:
            column = self.targets[target.name]
            if target.classes is None:
                blocks.append(column.to_numpy(float)[:, None])
            else:
                blocks.append(np.stack([column == label for label in target.classes], axis=1).astype(float))
        return np.concatenate(blocks, axis=1)

    def held_out(self, raw: np.ndarray) -> pd.DataFrame:
        """In the form of an attempt, a part for each fold over all repeats."""
        whole = pd.DataFrame(raw, columns=self.competition.raw_columns(), index=self.labels["row"])
        folds = held_out_rows(self.train, self.competition.context())
        parts = [
            pd.DataFrame({"row": rows, "fold": fold}).join(whole.loc[rows].reset_index(drop=True))
            for fold, rows in enumerate(folds)
        ]
        return pd.concat(parts, ignore_index=True)

    def predictions(
        self, attempt: str, held_out: np.ndarray | pd.DataFrame, test: np.ndarray | pd.DataFrame
    ) -> Predictions:
        if isinstance(held_out, np.ndarray):
            held_out = self.held_out(held_out)
        if isinstance(test, np.ndarray):
            test = pd.DataFrame(test, columns=self.competition.raw_columns())
        return Predictions(attempt_id=attempt, held_out=self.put(held_out), test=self.put(test))

    def request(self, *predictions: Predictions) -> VerdictRequest:
        return VerdictRequest(
            task_id="task",
            competition=self.competition,
            labels=self.put(self.labels, "labels.parquet"),
            predictions=list(predictions),
        )

    def judged(self, held_out: np.ndarray | pd.DataFrame, test: np.ndarray | pd.DataFrame | None = None) -> Verdict:
        """Of one attempt; the test predictions default to those of the first rows."""
        if test is None:
            test = self.truth()[: self.competition.test_rows]
        return self.judge.judge(self.request(self.predictions("one", held_out, test)))

    def submission(self, verdict: Verdict) -> pd.DataFrame:
        assert verdict.submission is not None
        return pd.read_csv(self.store.path(verdict.submission))


MakeBench = Callable[..., Bench]


@pytest.fixture
def make_bench(tmp_path: Path) -> MakeBench:
    store = ArtifactStore(tmp_path / "artifacts")

    def make(
        targets: dict[str, Any],
        metric: str,
        *,
        test_rows: int = 10,
        layout: Layout = Layout.TARGETS,
        rows: RowMap = RowMap.ONE_TO_ONE,
        wants_integers: bool = False,
        split: Split | None = None,
    ) -> Bench:
        count = len(next(iter(targets.values())))
        train = pd.DataFrame({"id": np.arange(count), "x": np.arange(count) / count, **targets})
        test = pd.DataFrame({"id": np.arange(count, count + test_rows), "x": 0.5})
        found = [_target(train[name], metric) for name in targets]
        answers = list(targets)
        if layout is Layout.CLASSES:
            answers = [f"is_{label}" for label in found[0].classes or []]
        sample = pd.DataFrame({"id": test["id"], **{answer: train[next(iter(targets))].iloc[0] for answer in answers}})
        files = {"train.csv": train, "test.csv": test, "sample_submission.csv": sample}
        for name, frame in files.items():
            frame.to_csv(tmp_path / name, index=False)
        competition = Competition(
            name="made-up",
            task_type=TaskType.REGRESSION if found[0].classes is None else TaskType.CLASSIFICATION,
            metric=find_metric(metric),
            targets=found,
            columns=[],
            train_rows=count,
            test_rows=test_rows,
            files=Files(train="train.csv", test="test.csv", sample="sample_submission.csv"),
            artifacts={name: store.put_file(tmp_path / name) for name in files},
            submission=Submission(
                columns=list(sample.columns),
                answers=answers,
                layout=layout,
                rows=rows,
                key=("id", "id"),
                count=test_rows,
                wants_integers=wants_integers,
            ),
            split=split or Split(kind=SplitKind.RANDOM, folds=3),
        )
        held_out = np.unique(np.concatenate(held_out_rows(train, competition.context())))
        labels = train.loc[held_out, list(targets)].assign(row=held_out)
        return Bench(store, tmp_path, competition, train, labels)

    return make


def _target(column: pd.Series, metric: str) -> Target:
    """A number where the metric wants values, else the classes that there are."""
    if find_metric(metric).predicts is Predicts.VALUES:
        return Target(name=str(column.name))
    return Target(name=str(column.name), classes=sorted(column.unique().tolist()))
