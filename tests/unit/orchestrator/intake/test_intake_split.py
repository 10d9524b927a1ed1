"""Rows are held out so that they resemble the test rows."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest

from mle_star.harness.folds import held_out_rows
from mle_star.tasks.competition import SplitKind


@pytest.fixture
def split_of(lay_out, intake, store):
    """The split of training and test rows (with `target` in both), and the folds that it gives."""

    def make(train, test):
        sample = pd.DataFrame({"id": test["id"], "target": 0.5 if train["target"].dtype == float else 0})
        competition, labels = intake(lay_out(train=train, test=test.drop(columns="target"), sample=sample))
        folds = held_out_rows(train, competition.context())
        held = np.unique(np.concatenate(folds))
        assert list(pd.read_parquet(io.BytesIO(store.read(labels)))["row"]) == list(held)
        return competition.split, folds

    return make


def _rows(count, **columns):
    rng = np.random.default_rng(1)
    return pd.DataFrame(
        {"id": np.arange(count), "x": rng.normal(size=count), "target": rng.normal(size=count)} | columns
    )


@pytest.mark.parametrize(
    ("rows", "folds", "repeats"), [(100, 5, 3), (400, 5, 2), (3000, 5, 1), (60_000, 1, 1), (6, 3, 3)]
)
def test_folds_by_size(rows, folds, repeats, split_of):
    split, held = split_of(_rows(rows), _rows(10).assign(id=np.arange(rows, rows + 10)))
    assert (split.kind, split.folds, split.repeats) == (SplitKind.RANDOM, folds, repeats)
    assert len(held) == folds * repeats


def test_few_rows_of_a_wide_table_are_not_repeated(split_of):
    def many(count):
        columns = {f"c{place}": np.arange(count) % 7 for place in range(600)}
        return _rows(count, **columns)

    split, held = split_of(many(100), many(10).assign(id=np.arange(100, 110)))
    assert (split.folds, split.repeats, len(held)) == (5, 1, 5)


def test_classes_are_held_out_in_their_shares_even_the_rarest(split_of):
    train = _rows(1001, target=["rare"] + ["few"] * 50 + ["many"] * 950)
    split, folds = split_of(train, _rows(10).assign(id=np.arange(1001, 1011)))
    assert split.kind is SplitKind.STRATIFIED
    assert all((train["target"].iloc[fold] == "few").sum() == 10 for fold in folds)


def test_new_groups_are_held_out_whole(split_of):
    data = _rows(1000, sentence_id=np.arange(1000) // 8)
    split, folds = split_of(data[:800], data[800:])
    assert (split.kind, split.column) == (SplitKind.GROUP, "sentence_id")
    for fold in folds:
        assert not set(data["sentence_id"][fold]) & set(data["sentence_id"][np.setdiff1d(np.arange(800), fold)])


def test_new_groups_inside_ids(split_of):
    data = _rows(1000, id=[f"{place // 4:04}_{place % 4:02}" for place in range(1000)])
    split, _ = split_of(data[:800], data[800:])
    assert (split.kind, split.column, split.separator) == (SplitKind.GROUP, "id", "_")


def test_groups_that_span_training_and_test_are_no_reason(split_of):
    data = _rows(1000, id=[f"{place // 4:04}_{place % 4:02}" for place in range(1000)]).sample(frac=1, random_state=0)
    split, _ = split_of(data[:800].reset_index(drop=True), data[800:])
    assert split.kind is SplitKind.RANDOM


@pytest.mark.parametrize("form", ["%Y-%m-%d", "%d %b %Y", "%Y%m%d%H%M%SZ"])
def test_forward_in_time(form, split_of):
    days = pd.date_range("2015-01-13", periods=500)
    data = _rows(1000, date=np.repeat(days.strftime(form), 2))
    split, folds = split_of(data[:800], data[800:])
    assert (split.kind, split.column) == (SplitKind.FORWARD, "date")
    assert folds[0].max() == 799
    assert len(folds) == 3


def test_forward_in_years(split_of):
    data = _rows(1000, year=np.arange(1000) // 50)
    split, _ = split_of(data[:800], data[800:])
    assert (split.kind, split.column) == (SplitKind.FORWARD, "year")


def test_dates_that_mingle_are_no_reason(split_of):
    data = _rows(1000, date=np.repeat(pd.date_range("2015-01-01", periods=250), 4).astype(str)).sample(
        frac=1, random_state=0
    )
    split, _ = split_of(data[:800].reset_index(drop=True), data[800:])
    assert split.kind is SplitKind.RANDOM


def test_stretches_of_time_are_held_out_as_the_test_leaves_them(split_of):
    hours = pd.Series(pd.date_range("2011-01-01", "2012-12-31 23:00", freq="6h"))
    data = _rows(len(hours), date=hours.astype(str))
    ahead = hours.dt.day > 19
    train = data[~ahead].reset_index(drop=True)
    split, folds = split_of(train, data[ahead])
    assert split.column == "date"
    assert split.kind in {SplitKind.GROUP, SplitKind.BLOCK}
    kept = train["date"].drop(folds[0])
    assert not set(train["date"][folds[0]].str[:10]) & set(kept.str[:10])


def test_the_same_seed_gives_the_same_folds(split_of):
    first, again = (split_of(_rows(100), _rows(10).assign(id=np.arange(100, 110)))[1] for _ in range(2))
    assert all(np.array_equal(one, other) for one, other in zip(first, again, strict=True))
