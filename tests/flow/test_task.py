"""A whole task through all apps in one process: the kinds of data, and the limits of the budget."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.flow.apps import Apps, all_apps
from tests.folders import breast_cancer, diabetes, write


@pytest.fixture(scope="module")
def apps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apps]:
    with (
        pytest.MonkeyPatch.context() as monkeypatch,
        all_apps(tmp_path_factory.mktemp("flow") / "home", monkeypatch) as apps,
    ):
        yield apps


def texts(folder: Path) -> Path:
    rng = np.random.default_rng(0)
    words = np.array(["fire", "flood", "storm", "cat", "tea", "song", "the", "a", "of", "and"])
    label = rng.integers(0, 2, 300)
    drawn = [rng.choice(words[[0, 1, 2, 6, 7, 8, 9] if y else [3, 4, 5, 6, 7, 8, 9]], 8) for y in label]
    frame = pd.DataFrame({"text": [" ".join(line) for line in drawn], "disaster": label})
    return write(folder, frame, "disaster", 220)


def classes(folder: Path) -> Path:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 3))
    frame = pd.DataFrame(x, columns=["a", "b", "c"])
    frame["kind"] = np.where(x[:, 0] > 1, "high", np.where(x[:, 1] > 0, "mid", "low"))
    return write(folder, frame, "kind", 220)


@pytest.mark.parametrize(
    ("make", "metric", "better"),
    [
        (breast_cancer, "accuracy", lambda score, baseline: score > baseline + 0.2),
        (diabetes, "rmse", lambda score, baseline: score < baseline - 10),
        (texts, "f1", lambda score, baseline: score > 0.9),
        (classes, "accuracy", lambda score, baseline: score > baseline + 0.2),
    ],
)
def test_every_kind_of_data_beats_the_baseline(make: Any, metric: str, better: Any, apps: Apps, tmp_path: Path) -> None:
    folder = make(tmp_path / "data")
    ended = apps.run(competition="flow", data_dir=str(folder), metric=metric, minutes=0.5, strategies=1, iterations=0)
    assert ended["status"] == "succeeded"
    baseline = next(one for one in ended["attempts"] if one["id"] == "baseline")
    assert better(ended["best"]["score"], baseline["score"])
    answer = apps.client.get(f"/tasks/{ended['id']}/artifacts/submission.csv")
    (tmp_path / "s.csv").write_bytes(answer.content)
    sample = pd.read_csv(folder / "sample_submission.csv")
    assert pd.read_csv(tmp_path / "s.csv")["id"].tolist() == sample["id"].tolist()


def test_no_more_strategies_and_iterations_than_asked_for(apps: Apps, tmp_path: Path) -> None:
    folder = breast_cancer(tmp_path / "data", rows=100)
    ended = apps.run(competition="few", data_dir=str(folder), minutes=0.25, strategies=2, iterations=1)
    ids = [one["id"] for one in ended["attempts"]]
    assert ids[:3] == ["baseline", "s1", "s2"]
    assert set(ids[3:]) <= {"r1a", "r1b"}


def test_one_class_only_is_bad_input_and_the_stack_goes_on(apps: Apps, tmp_path: Path) -> None:
    folder = breast_cancer(tmp_path / "data")
    train = pd.read_csv(folder / "train.csv")
    train.assign(benign=1).to_csv(folder / "train.csv", index=False)
    with pytest.raises(AssertionError, match="in every training row"):
        apps.run(competition="one", data_dir=str(folder), minutes=0.2)
    assert apps.client.get("/readyz").status_code == 200
