"""Real data sets, laid out as competitions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn import datasets

from mle_star.tasks.competition import ColumnKind, Layout, SplitKind
from mle_star.tasks.task import TaskType


def _laid_out(lay_out, data, names=None):
    frame = data.frame.rename(columns={"target": "outcome"})
    if names is not None:
        frame["outcome"] = np.asarray(names)[frame["outcome"]]
    frame = frame.sample(frac=1, random_state=0).reset_index(drop=True)
    frame.insert(0, "id", np.arange(len(frame)))
    cut = len(frame) * 4 // 5
    sample = frame.loc[cut:, ["id"]].assign(outcome=frame["outcome"].iloc[0])
    return lay_out(train=frame[:cut], test=frame[cut:].drop(columns="outcome"), sample_submission=sample)


@pytest.mark.parametrize(
    ("load", "named", "task_type", "classes"),
    [
        (datasets.load_iris, True, TaskType.CLASSIFICATION, ["setosa", "versicolor", "virginica"]),
        (datasets.load_wine, False, TaskType.CLASSIFICATION, [0, 1, 2]),
        (datasets.load_breast_cancer, True, TaskType.CLASSIFICATION, ["benign", "malignant"]),
        (datasets.load_diabetes, False, TaskType.REGRESSION, None),
    ],
)
def test_data_sets(load, named, task_type, classes, lay_out, intake):
    data = load(as_frame=True)
    competition, _ = intake(_laid_out(lay_out, data, data.target_names if named else None))
    assert competition.task_type is task_type
    assert competition.targets[0].classes == classes
    assert competition.ids == ["id"]
    assert [column.name for column in competition.columns] == list(data.feature_names)
    assert {column.kind for column in competition.columns} == {ColumnKind.NUMBER}
    assert competition.submission.layout is Layout.TARGETS
    assert competition.split.kind is (SplitKind.STRATIFIED if classes else SplitKind.RANDOM)


def test_kinds_of_columns(lay_out, intake, numbers):
    columns = {
        "word": ["red", "blue"],
        "flag": [True, False],
        "flag_or_none": [True, None],
        "text": [f"a question about thing {i}?" for i in range(600)],
        "day": pd.date_range("2020-01-01", periods=600).strftime("%d %b %Y"),
        "stamp": [f"201206{1 + i % 28:02}192155Z" for i in range(600)],
        "ip": [f"1.2.{i % 90}.4" for i in range(600)],
        "code": [f"{14 + i % 3}-35-{14 + i % 5}" for i in range(600)],
        "numbers_with_blanks": [" 1.5", "2"],
        "lists": [["a"], []],
    }
    frame = numbers(600, **{name: (list(values) * 300)[:600] for name, values in columns.items()})
    train, test = frame[:500].assign(target=np.arange(500) % 2), frame[500:]
    sample = pd.DataFrame({"id": test["id"], "target": 0})
    competition, _ = intake(lay_out(train__json=train, test__json=test, sample=sample))
    assert {column.name: str(column.kind) for column in competition.columns} == {
        "x": "number", "y": "number", "word": "category", "flag": "category", "flag_or_none": "category",
        "text": "text",
        "day": "date", "stamp": "date", "ip": "category", "code": "category", "numbers_with_blanks": "number",
        "lists": "list",
    }  # fmt: skip
    flag = next(column for column in competition.columns if column.name == "flag_or_none")
    assert (flag.distinct, flag.missing) == (1, 0.5)
