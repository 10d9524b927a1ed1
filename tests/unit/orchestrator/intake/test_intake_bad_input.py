"""Bad input gives one clear line; odd but usable data is read, and what was done is said."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest

from mle_star.service.errors import BadInputError
from mle_star.tasks.competition import ColumnKind


@pytest.fixture
def good(lay_out, numbers):
    sample = pd.DataFrame({"id": np.arange(40, 50), "target": 0})
    return lay_out(train=numbers(40, target=np.arange(40) % 2), test=numbers(10, 40), sample=sample)


def _fails(intake, folder, saying, **given):
    with pytest.raises(BadInputError, match=saying) as raised:
        intake(folder, **given)
    assert raised.value.status == 422
    assert "\n" not in raised.value.detail


def test_the_folder_itself(intake, folder, good):
    _fails(intake, folder / "nowhere", "there is no folder")
    _fails(intake, folder / "train.csv", "is not a folder")
    (folder / "empty").mkdir()
    _fails(intake, folder / "empty", "holds no files")


@pytest.mark.parametrize(
    ("file", "saying"),
    [("train.csv", "no training file"), ("test.csv", "no test file"), ("sample.csv", "no sample submission")],
)
def test_a_missing_file(file, saying, intake, good):
    (good / file).unlink()
    _fails(intake, good, saying)


def test_a_folder_of_everything_is_refused_without_walking_it(intake, tmp_path):
    for place in range(30):
        (tmp_path / "root" / f"{place}" / "deep").mkdir(parents=True)
        (tmp_path / "root" / f"{place}" / "deep" / "train.csv").write_text("a\n1\n")
        (tmp_path / "root" / f"{place}" / "file").write_text("x")
    _fails(intake, tmp_path / "root", "no sample submission .* and 22 more")


@pytest.mark.parametrize(
    ("content", "saying"),
    [
        (b"", "is empty"),
        (b"\n", "no columns"),
        (b"id,x,y,target\n", "no rows"),
        (b"id,x\n1,2\n1,2,3\n", r"cannot be read: Expected 2 fields in line 3, saw 3"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "holds an image"),
        (b"PK\x03\x04 whatever", "holds a zip archive"),
        (b"PAR1\0\0", "holds a parquet file"),
        (b"id,x\n1,\0\0\0\n", "holds binary data"),
        (b"<!DOCTYPE html><html>Sign in</html>", "holds a web page"),
        (b'[{"id": 1, "x": 2}]', "holds JSON"),
    ],
)
def test_a_broken_file(content, saying, intake, good):
    (good / "train.csv").write_bytes(content)
    _fails(intake, good, f"train.csv .*{saying}|train.csv {saying}")


@pytest.mark.parametrize("content", [b"id;x;y;target\n1;2;3;4\n", "id,x,y,target\n1,2,3,4\n".encode("utf-16")])
def test_a_table_that_would_be_misread_is_refused_or_read_right(content, intake, good, numbers):
    """Never taken for one odd column."""
    (good / "train.csv").write_bytes(content)
    _fails(intake, good, "save it with commas|save it as UTF-8|in every training row")


@pytest.mark.parametrize("name", ["train.parquet", "train.json", "train.jsonl", "train.csv.gz", "train.csv.zip"])
def test_another_content_than_the_suffix_says(name, intake, good):
    (good / "train.csv").rename(good / name)
    _fails(intake, good, f"{name} cannot be read")


def test_options_that_do_not_fit(intake, good):
    _fails(intake, good, "no metric is called 'niceness'; known are: accuracy", metric="niceness")
    _fails(intake, good, "the training file has no column 'nothing'", target="nothing")
    _fails(intake, good, "map_at_k|rmse_log does not fit: it takes logarithms", metric="rmse of log")


def test_targets_that_cannot_be_learnt(intake, good, numbers):
    numbers(40, target=1).to_csv(good / "train.csv", index=False)
    _fails(intake, good, "the target target is .*1.* in every training row")
    numbers(40, target=np.nan).to_csv(good / "train.csv", index=False)
    _fails(intake, good, "the target target has no value")


@pytest.mark.parametrize("metric", ["rmse", "mae", "rmsle", "r2", "pearson"])
def test_metrics_of_numbers_on_text(metric, intake, good, numbers):
    numbers(40, target=["yes", "no"] * 20).to_csv(good / "train.csv", index=False)
    _fails(intake, good, "it needs numbers, and target holds labels", metric=metric)


@pytest.mark.parametrize("metric", ["accuracy", "auc", "log_loss", "f1"])
def test_metrics_of_classes_on_fractions(metric, intake, good, numbers):
    numbers(40, target=np.linspace(0, 1, 40)).to_csv(good / "train.csv", index=False)
    _fails(intake, good, "it needs classes, and target has 40 different numbers", metric=metric)


def test_odd_but_usable_columns(intake, lay_out, numbers):
    extra = {"nothing": None, "ingredients": [["salt", "egg"]] * 40, "only_train": 1}
    train = numbers(40, target=np.arange(40) % 2, **extra)
    test = numbers(10, 40, nothing=None, ingredients=[["egg"]] * 10)
    sample = pd.DataFrame({"id": np.arange(40, 50), "target": 0})
    competition, _ = intake(lay_out(train__json=train, test__json=test, sample=sample))
    kinds = {column.name: column.kind for column in competition.columns}
    assert kinds["nothing"] is ColumnKind.EMPTY
    assert kinds["ingredients"] is ColumnKind.LIST
    assert "only_train" not in kinds
    assert any("nothing" in warning for warning in competition.warnings)


def test_another_encoding(intake, good, numbers):
    train = numbers(40, target=["öde", "grün"] * 20)
    (good / "train.csv").write_bytes(train.to_csv(index=False).encode("cp1252"))
    competition, _ = intake(good)
    assert competition.targets[0].classes == ["grün", "öde"]
    assert any("not UTF-8" in warning for warning in competition.warnings)


def test_rows_without_a_target_are_never_held_out(intake, good, numbers, store):
    train = numbers(40, target=np.arange(40) % 2).astype({"target": float})
    train.loc[:9, "target"] = np.nan
    train.to_csv(good / "train.csv", index=False)
    competition, labels = intake(good)
    assert competition.targets[0].classes == [0, 1]
    frame = pd.read_parquet(io.BytesIO(store.read(labels)))
    assert list(frame["row"]) == list(range(10, 40))
    assert list(frame["target"]) == list(train["target"][10:])
