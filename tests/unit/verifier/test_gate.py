"""The gate: what it lets through, what it repairs and says so, what it refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from mle_star_verifier.checks.gate import constant_answers, gate

from mle_star.tasks.competition import Layout

LABELS = np.array([0, 1, 1] * 10)
ANSWERS: dict[str, Any] = {
    "accuracy": [0, 1] * 5,
    "auc": np.linspace(0, 1, 10),
    "rmse": np.linspace(-5, 5, 10),
    "rmsle": np.linspace(0, 5, 10),
    "rmse_log": np.linspace(1, 5, 10),
}


def passed(bench: Any, frame: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, bool]]:
    sample = pd.read_csv(bench.store.path(bench.competition.artifacts["sample_submission.csv"]))
    repaired, violations = gate(frame, bench.competition, sample, bench.targets)
    return repaired, {violation.code: violation.repaired for violation in violations}


def good(metric: str) -> pd.DataFrame:
    return pd.DataFrame({"id": np.arange(30, 40), "y": ANSWERS[metric]})


@pytest.mark.parametrize("metric", sorted(ANSWERS))
def test_a_valid_submission_passes_unchanged(make_bench: Any, metric: str) -> None:
    frame, found = passed(make_bench({"y": LABELS}, metric), good(metric))
    assert found == {}
    pd.testing.assert_frame_equal(frame, good(metric))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda f: f.sample(frac=1, random_state=0), "row_order"),
        (lambda f: f[["y", "id"]], "column_order"),
        (lambda f: f.rename(columns={"y": " Y", "id": "ID"}), "column_names"),
        (lambda f: f.assign(note=1), "extra_columns"),
        (lambda f: f.assign(y=f["y"].astype(str)), None),
        (lambda f: f.assign(y=f["y"].astype(float)), "label_spelling"),
        (lambda f: f.assign(id=f["id"].astype(float)), None),
    ],
)
def test_what_needs_no_guess_is_repaired(make_bench: Any, change: Any, code: str | None) -> None:
    frame, found = passed(make_bench({"y": LABELS}, "accuracy"), change(good("accuracy")))
    assert found == ({code: True} if code else {})
    assert frame["id"].tolist() == list(range(30, 40))
    assert frame["y"].tolist() == ANSWERS["accuracy"]


@pytest.mark.parametrize(
    ("metric", "change", "code"),
    [
        ("accuracy", lambda f: f.drop(columns="y"), "missing_columns"),
        ("accuracy", lambda f: f.rename(columns={"y": "target"}), "missing_columns"),
        ("accuracy", lambda f: f.set_axis(["y", "y"], axis=1), "duplicate_columns"),
        ("accuracy", lambda f: f.iloc[1:], "row_count"),
        ("accuracy", lambda f: f.iloc[1:], "missing_ids"),
        ("accuracy", lambda f: pd.concat([f, f.iloc[:1]]), "duplicate_ids"),
        ("accuracy", lambda f: f.assign(id=[*range(31, 40), 99]), "unknown_ids"),
        ("accuracy", lambda f: f.assign(y=[7] * 10), "unknown_labels"),
        ("accuracy", lambda f: f.assign(y=[None, 1] * 5), "missing_values"),
        ("auc", lambda f: f.assign(y=np.nan), "missing_values"),
        ("auc", lambda f: f.assign(y=f["y"] * 2), "out_of_range"),
        ("auc", lambda f: f.assign(y="high"), "wrong_type"),
        ("rmse", lambda f: f.assign(y=np.inf), "missing_values"),
        ("rmse", lambda f: f.assign(y=None), "missing_values"),
        ("rmsle", lambda f: f.assign(y=-f["y"]), "out_of_range"),
        ("rmse_log", lambda f: f.assign(y=0.0), "out_of_range"),
    ],
)
def test_what_would_be_refused_is(make_bench: Any, metric: str, change: Any, code: str) -> None:
    _, found = passed(make_bench({"y": LABELS}, metric), change(good(metric)))
    assert found[code] is False


def test_labels_get_the_training_files_spelling(make_bench: Any) -> None:
    bench = make_bench({"y": np.array([True, False, True] * 10)}, "accuracy")
    frame, found = passed(bench, pd.DataFrame({"id": np.arange(30, 40), "y": [" True", "False"] * 5}))
    assert found == {"label_spelling": True}
    assert frame["y"].tolist() == [True, False] * 5


def test_numbers_written_as_text_become_numbers(make_bench: Any) -> None:
    frame, found = passed(make_bench({"y": LABELS}, "rmse"), pd.DataFrame({"id": np.arange(30, 40), "y": ["1.5"] * 10}))
    assert found == {"answer_type": True}
    assert frame["y"].tolist() == [1.5] * 10


def test_rows_of_class_columns_are_scaled(make_bench: Any) -> None:
    bench = make_bench({"y": LABELS}, "log_loss", layout=Layout.CLASSES)
    frame = pd.DataFrame({"id": np.arange(30, 40), "is_0": 0.2, "is_1": 0.2})
    repaired, found = passed(bench, frame)
    assert found == {"row_sums": True}
    assert repaired["is_0"].tolist() == [0.5] * 10
    assert passed(bench, frame.assign(is_0=0.0, is_1=0.0))[1] == {"row_sums": False}
    assert passed(bench, frame.assign(is_0=1.2))[1] == {"out_of_range": False}


def test_ranked_lists(make_bench: Any) -> None:
    bench = make_bench({"y": np.arange(30) % 5}, "map@2", layout=Layout.RANKED)
    frame = pd.DataFrame({"id": np.arange(30, 40), "y": "0 1"})
    assert passed(bench, frame)[1] == {}
    assert passed(bench, frame.assign(y="0 1 2"))[1] == {"too_many_labels": False}
    assert passed(bench, frame.assign(y="0 9"))[1] == {"unknown_labels": False}
    assert passed(bench, frame.assign(y=""))[1] == {"missing_values": False}


def test_rows_without_ids_are_counted(make_bench: Any) -> None:
    bench = make_bench({"y": LABELS}, "rmse")
    form = bench.competition.submission
    form.columns, form.key = ["y"], None
    sample = pd.DataFrame({"y": np.zeros(10)})
    assert gate(good("rmse")[["y"]], bench.competition, sample, bench.targets)[1] == []
    short = gate(good("rmse")[["y"]].iloc[1:], bench.competition, sample, bench.targets)[1]
    assert [violation.code for violation in short] == ["row_count"]


def test_a_constant_answer_is_named_not_refused(make_bench: Any) -> None:
    bench = make_bench({"y": LABELS}, "accuracy")
    frame, found = passed(bench, good("accuracy").assign(y=1))
    assert found == {}
    assert constant_answers(frame, bench.competition) == ["y"]
    assert constant_answers(good("accuracy"), bench.competition) == []
