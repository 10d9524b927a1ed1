"""The files are found under their usual names and forms, and their names work in a box."""

from __future__ import annotations

import gzip
import shutil
import zipfile

import numpy as np
import pandas as pd
import pytest

from mle_star.harness.tables import read_table, write_table


@pytest.fixture
def tables(numbers):
    target = np.arange(40) % 2
    return {
        "train": numbers(40, target=target),
        "test": numbers(10, 40),
        "sample": pd.DataFrame({"id": np.arange(40, 50), "target": 0}),
    }


def _agrees(competition, store, tmp_path, tables):
    """Each file, put where a box has it, reads as the table that was written."""
    for role in ("train", "test", "sample"):
        name = getattr(competition.files, role)
        store.copy(competition.artifacts[name], tmp_path / "box" / name)
        pd.testing.assert_frame_equal(read_table(tmp_path / "box" / name), tables[role], check_dtype=False)


@pytest.mark.parametrize(
    "names",
    [
        ("train.csv", "test.csv", "sample_submission.csv"),
        ("train.tsv", "test.tsv", "sampleSubmission.csv"),
        ("train.json", "test.json", "sample_submission.csv"),
        ("training.jsonl", "testing.jsonl", "SampleSubmission.csv"),
        ("train.parquet", "test.parquet", "sample_submission.parquet"),
        ("Train.csv", "Test.csv", "gender_submission.csv"),
        ("train_data.csv", "test_data.csv", "sample_submission_null.csv"),
        ("data/train.csv", "data/test.csv", "data/submission_format.csv"),
        ("train/train.csv", "test/test.csv", "sample_submission.csv"),
        ("train/data.csv", "test/data.csv", "example_submission.csv"),
    ],
)
def test_usual_names_and_forms(names, folder, tables, intake, store, tmp_path):
    for name, frame in zip(names, tables.values(), strict=True):
        (folder / name).parent.mkdir(exist_ok=True)
        write_table(frame, folder / name)
    competition, _ = intake(folder)
    assert (competition.files.train, competition.files.test, competition.files.sample) == names
    assert competition.train_rows == 40
    assert competition.test_rows == 10
    _agrees(competition, store, tmp_path, tables)


def test_gzipped(folder, tables, intake, store, tmp_path):
    for role, frame in tables.items():
        (folder / f"{role}.csv.gz").write_bytes(gzip.compress(frame.to_csv(index=False).encode()))
    competition, _ = intake(folder)
    assert competition.files.train == "train.csv.gz"
    _agrees(competition, store, tmp_path, tables)


def test_each_in_its_own_zip(folder, tables, intake, store, tmp_path):
    for role, frame in tables.items():
        with zipfile.ZipFile(folder / f"{role}.csv.zip", "w") as archive:
            archive.writestr(f"{role}.csv", frame.to_csv(index=False))
    competition, _ = intake(folder)
    _agrees(competition, store, tmp_path, tables)


def test_all_in_one_zip_that_may_not_write_elsewhere(folder, tables, intake, store, tmp_path):
    with zipfile.ZipFile(folder / "everything.zip", "w") as archive:
        for role, frame in tables.items():
            archive.writestr(f"deep/../../{role}.csv", frame.to_csv(index=False))
        archive.writestr("__MACOSX/._train.csv", "junk")
    competition, _ = intake(folder)
    assert competition.files.train == "train.csv"
    _agrees(competition, store, tmp_path, tables)
    assert sorted(path.name for path in folder.iterdir()) == ["everything.zip"]


def test_extras_come_along_without_copies_of_the_labels(folder, tables, intake, store):
    for role, frame in tables.items():
        frame.to_csv(folder / f"{role}.csv", index=False)
    (folder / "shops").mkdir()
    (folder / "shops" / "shops.csv").write_text("shop,town\n1,A\n")
    (folder / "notes.bin").write_bytes(b"\0\1")
    (folder / ".hidden").write_text("no")
    tables["train"].to_parquet(folder / "train.parquet")
    tables["train"].to_csv(folder / "with_answers.csv", index=False)
    with zipfile.ZipFile(folder / "all.zip", "w") as archive:
        archive.write(folder / "train.csv", "train.csv")
        archive.write(folder / "test.csv", "test.csv")
        archive.writestr("more.csv", "a,b\n1,2\n")
    competition, _ = intake(folder)
    assert competition.files.extra == ["more.csv", "notes.bin", "shops/shops.csv"]
    assert set(competition.artifacts) == {"train.csv", "test.csv", "sample.csv", *competition.files.extra}
    assert store.read(competition.artifacts["shops/shops.csv"]) == b"shop,town\n1,A\n"
    assert any("with_answers.csv" in warning for warning in competition.warnings)


def test_two_tables_a_side_the_one_with_the_target_is_chosen(folder, tables, intake):
    tables["sample"].to_csv(folder / "sample_submission.csv", index=False)
    for role in ("train", "test"):
        tables[role].to_csv(folder / f"{role}_transaction.csv", index=False)
        tables[role][["id", "y"]].to_csv(folder / f"{role}_identity.csv", index=False)
    competition, _ = intake(folder)
    assert (competition.files.train, competition.files.test) == ("train_transaction.csv", "test_transaction.csv")
    assert competition.files.extra == ["test_identity.csv", "train_identity.csv"]


def test_a_sample_goes_before_another_submission(folder, tables, intake):
    for role, frame in tables.items():
        frame.to_csv(folder / f"{role}.csv", index=False)
    shutil.copy(folder / "sample.csv", folder / "submission.csv")
    assert intake(folder)[0].files.sample == "sample.csv"


def test_description_is_read_and_names_the_metric(lay_out, tables, intake):
    folder = lay_out(**tables, description__md="# Made up\n## Evaluation\nArea under the ROC curve.\n")
    competition, _ = intake(folder)
    assert competition.metric.name == "auc"
    assert "Made up" in competition.description
