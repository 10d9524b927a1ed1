"""What intake, the verifier and every solution share: reading, splitting, deciding, rendering."""

from __future__ import annotations

import gzip
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mle_star.harness.blend import blend
from mle_star.harness.decide import decide
from mle_star.harness.folds import fit_rows, held_out_rows
from mle_star.harness.render import render
from mle_star.harness.tables import read_table, write_table

FRAME = pd.DataFrame({"id": [1, 2], "name": ["ä", "b"], "items": [["x"], ["y", "z"]]})


@pytest.mark.parametrize("name", ["t.json", "t.jsonl", "t.parquet", "t.jsonl.gz", "t.json.zip"])
def test_lists_come_back_from_every_form_that_can_hold_them(name: str, tmp_path: Path) -> None:
    plain = tmp_path / name.removesuffix(".gz").removesuffix(".zip")
    write_table(FRAME, plain)
    if name.endswith(".gz"):
        (tmp_path / name).write_bytes(gzip.compress(plain.read_bytes()))
    if name.endswith(".zip"):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.write(plain, "inside.json")
    found = read_table(tmp_path / name)
    assert [list(items) for items in found["items"]] == [["x"], ["y", "z"]]
    assert found["name"].tolist() == ["ä", "b"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_text_is_read_in_the_encodings_that_competitions_come_in(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes("id,name\n1,Zoë\n".encode(encoding))
    assert read_table(tmp_path / "t.csv").to_dict("list") == {"id": [1], "name": ["Zoë"]}


def test_json_in_its_other_shapes(tmp_path: Path) -> None:
    shapes = {
        "columns": {"a": [1, 2]},
        "labelled": {"a": {"0": 1, "1": 2}},
        "wrapped": {"data": [{"a": 1}, {"a": 2}]},
    }
    for name, content in shapes.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(content))
        assert read_table(tmp_path / f"{name}.json")["a"].tolist() == [1, 2], name
    (tmp_path / "lines.json").write_text('{"a": 1}\n{"a": 2}\n')
    assert read_table(tmp_path / "lines.json")["a"].tolist() == [1, 2]


def context(kind: str, **split: Any) -> dict[str, Any]:
    fields = {"kind": kind, "folds": 5, "repeats": 1, "share": 0.2, "column": None, "separator": None, "seed": 0}
    return {"targets": [{"name": "y", "classes": [0, 1, 2]}], "split": {**fields, **split}}


def table(rows: int, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    when = pd.date_range("2020-01-01", periods=rows).astype(str)
    group = [f"{number:03d}_{place}" for place, number in enumerate(rng.integers(0, 12, rows))]
    return pd.DataFrame({"y": rng.integers(0, 3, rows), "when": rng.permutation(when), "group": group})


@settings(max_examples=30, deadline=None)
@given(
    rows=st.integers(30, 200),
    kind=st.sampled_from(["random", "stratified", "group", "block", "forward"]),
    folds=st.integers(1, 6),
    repeats=st.integers(1, 2),
    seed=st.integers(0, 99),
)
def test_whatever_the_split_no_row_is_fitted_and_scored_at_once(
    rows: int, kind: str, folds: int, repeats: int, seed: int
) -> None:
    column = {"group": "group", "block": "when", "forward": "when"}.get(kind)
    separator = "_" if kind == "group" else None
    made = context(kind, folds=folds, repeats=repeats, column=column, separator=separator, seed=seed)
    train = table(rows, seed)
    held_out = held_out_rows(train, made)
    assert held_out
    assert all(np.array_equal(a, b) for a, b in zip(held_out, held_out_rows(train, made), strict=True))
    for fold in held_out:
        fitted = fit_rows(train, made, fold)
        assert len(np.intersect1d(fitted, fold)) == 0
        if kind == "group":
            numbers = train["group"].str[:3]
            assert not set(numbers.iloc[fold]) & set(numbers.iloc[fitted])
        if kind == "forward" and len(fitted):
            assert train["when"].iloc[fitted].max() < train["when"].iloc[fold].min()
    if folds > 1 and kind in {"random", "stratified"}:
        seen = np.sort(np.concatenate(held_out[: len(held_out) // repeats]))
        assert np.array_equal(seen, np.arange(rows)), "every row is held out once in each repeat"


def test_rare_classes_are_spread_over_the_folds() -> None:
    train = pd.DataFrame({"y": [0] * 90 + [1] * 10})
    for fold in held_out_rows(train, context("stratified")):
        assert (train["y"].iloc[fold] == 1).sum() == 2


def test_equal_classes_are_all_in_every_fold() -> None:
    train = pd.DataFrame({"y": [0, 1, 2, 3, 4] * 20})
    for fold in held_out_rows(train, context("stratified")):
        assert train["y"].iloc[fold].value_counts().to_list() == [4] * 5


def test_rows_without_a_target_are_neither_fitted_nor_scored() -> None:
    train = pd.DataFrame({"y": [0.0, np.nan] * 20})
    for fold in held_out_rows(train, context("random")):
        rows = np.concatenate([fold, fit_rows(train, context("random"), fold)])
        assert train["y"].iloc[rows].notna().all()
        assert len(rows) == 20


def asked(layout: str = "targets", predicts: str = "labels", **more: Any) -> dict[str, Any]:
    return {
        "metric": {"predicts": predicts, "k": 2},
        "targets": [{"name": "y", "classes": ["a", "b", "c"]}],
        "submission": {"layout": layout, "answers": ["y"], "key": ["id", "id"]},
        **more,
    }


RAW = np.array([[0.5, 0.3, 0.2], [0.1, 0.2, 0.7]])


def test_the_likeliest_label_wins_and_class_weights_shift_it() -> None:
    assert decide(RAW, asked(), {})["y"].tolist() == ["a", "c"]
    assert decide(RAW, asked(), {"class_weights": [0.5, 1, 1]})["y"].tolist() == ["b", "c"]


def test_a_threshold_decides_between_two_classes() -> None:
    two = asked(targets=[{"name": "y", "classes": [False, True]}])
    raw = np.array([[0.6, 0.4], [0.8, 0.2]])
    assert decide(raw, two, {})["y"].tolist() == [False, False]
    assert decide(raw, two, {"threshold": 0.3})["y"].tolist() == [True, False]


def test_probabilities_ranks_and_values() -> None:
    two = asked(predicts="probabilities", targets=[{"name": "y", "classes": [0, 1]}])
    assert decide(np.array([[1.0, 3.0]]), two, {})["y"].tolist() == [0.75]
    assert decide(RAW, asked("ranked", "ranks"), {})["y"].tolist() == ["a b", "c b"]
    number = asked(predicts="values", targets=[{"name": "y", "classes": None}])
    raw = np.array([[-1.0], [2.4]])
    assert decide(raw, number, {"low": 0, "round": True})["y"].tolist() == [0, 2]


def test_a_column_a_class_sums_to_one() -> None:
    each = asked("classes", "probabilities", submission={"layout": "classes", "answers": ["y_a", "y_b", "y_c"]})
    answers = decide(RAW * 2, each, {})
    assert answers.columns.tolist() == ["y_a", "y_b", "y_c"]
    assert answers.sum(axis=1).tolist() == pytest.approx([1, 1])


def test_a_blend_is_a_weighted_mean() -> None:
    assert blend([np.zeros((1, 2)), np.ones((1, 2))], [1, 3]).tolist() == [[0.75, 0.75]]


def test_answers_find_their_rows_by_key() -> None:
    test = pd.DataFrame({"id": [3, 1, 2]})
    sample = pd.DataFrame({"id": [1.0, 2.0, 3.0, 9.0], "y": ["x"] * 4})
    answers = pd.DataFrame({"y": ["three", "one", "two"]})
    assert render(answers, test, sample, asked())["y"].tolist() == ["one", "two", "three", "x"]


def test_several_test_rows_of_one_key_answer_by_their_mean_or_their_commonest_label() -> None:
    test, sample = pd.DataFrame({"id": [1, 1, 1]}), pd.DataFrame({"id": [1], "y": [0.0]})
    assert render(pd.DataFrame({"y": [1.0, 2.0, 6.0]}), test, sample, asked())["y"].tolist() == [3.0]
    assert render(pd.DataFrame({"y": ["a", "b", "b"]}), test, sample, asked())["y"].tolist() == ["b"]


def test_an_unknown_layout_gives_the_sample_back() -> None:
    sample = pd.DataFrame({"id": [1], "y": ["what it was"]})
    rendered = render(pd.DataFrame({"y": ["new"]}), pd.DataFrame({"id": [1]}), sample, asked("unknown"))
    pd.testing.assert_frame_equal(rendered, sample)
