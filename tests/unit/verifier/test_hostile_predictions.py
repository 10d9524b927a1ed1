"""Predictions that a program made to mislead or to break: each is a violation, none a traceback or a score."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

N = 60
Change = Callable[[pd.DataFrame], pd.DataFrame]


@pytest.fixture
def bench(make_bench: Any) -> Any:
    return make_bench({"y": np.arange(N) % 2}, "log_loss")


def put(frame: pd.DataFrame, column: str, value: Any) -> pd.DataFrame:
    frame = frame.astype({column: object})
    frame.loc[3, column] = value
    return frame


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda f: f.assign(**{"y=1": np.nan}), "not_finite"),
        (lambda f: f.assign(**{"y=1": -np.inf}), "not_finite"),
        (lambda f: f.assign(**{"y=1": "high"}), "not_numbers"),
        (lambda f: f.assign(**{"y=1": [[1.0]] * len(f)}), "not_numbers"),
        (lambda f: f.assign(**{"y=1": pd.Timestamp("2026-01-01")}), "not_numbers"),
        (lambda f: f.iloc[1:], "incomplete_predictions"),
        (lambda f: f.iloc[:0], "incomplete_predictions"),
        (lambda f: pd.concat([f, f.iloc[:1]]), "too_many_rows"),
        (lambda f: pd.concat([f.iloc[1:], f.iloc[-1:]]), "duplicate_predictions"),
        (lambda f: pd.concat([f.iloc[1:], f.iloc[-1:].assign(fold=7)]), "incomplete_predictions"),
        (lambda f: f.assign(row=f["row"] + 1), "incomplete_predictions"),
        (lambda f: f.assign(row=f["row"] + 0.5), "not_numbers"),
        (lambda f: f.assign(row=1e300), "not_numbers"),
        (lambda f: f.assign(row="one"), "not_numbers"),
        (lambda f: f.assign(fold=np.nan), "not_finite"),
        (lambda f: f.assign(score=1.0), "wrong_columns"),
        (lambda f: f.drop(columns="y=0"), "wrong_columns"),
        (lambda f: f.rename(columns={"y=0": "Y=0"}), "wrong_columns"),
        (lambda f: f.drop(columns="row"), "wrong_columns"),
    ],
)
def test_held_out(bench: Any, change: Change, code: str) -> None:
    verdict = bench.judged(change(bench.held_out(bench.truth())))
    assert [violation.code for violation in verdict.violations] == [code]
    assert verdict.score is None
    assert verdict.submission is None
    assert not verdict.valid


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda f: f.iloc[1:], "incomplete_predictions"),
        (lambda f: pd.concat([f, f]), "too_many_rows"),
        (lambda f: f * np.nan, "not_finite"),
        (lambda f: f.assign(id=1), "wrong_columns"),
    ],
)
def test_test_rows(bench: Any, change: Change, code: str) -> None:
    test = pd.DataFrame(bench.truth()[:10], columns=bench.competition.raw_columns())
    verdict = bench.judged(bench.truth(), change(test))
    assert [violation.code for violation in verdict.violations] == [code]
    assert verdict.submission is None


@pytest.mark.parametrize("data", [b"", b"PAR1", b"score: 1.0", b"PAR1" + b"\xff" * 64 + b"PAR1"])
def test_no_parquet_at_all(bench: Any, data: bytes) -> None:
    predictions = bench.predictions("one", bench.truth(), bench.truth()[:10])
    predictions.held_out = bench.store.put_bytes("held_out.parquet", data)
    verdict = bench.judge.judge(bench.request(predictions))
    assert [violation.code for violation in verdict.violations] == ["unreadable"]


def test_a_truncated_file(bench: Any) -> None:
    predictions = bench.predictions("one", bench.truth(), bench.truth()[:10])
    whole = bench.store.read(predictions.held_out)
    predictions.held_out = bench.store.put_bytes("held_out.parquet", whole[: len(whole) // 2] + whole[-200:])
    verdict = bench.judge.judge(bench.request(predictions))
    assert verdict.score is None
    assert [violation.code for violation in verdict.violations] == ["unreadable"]


def test_a_file_that_unpacks_to_far_more_rows_is_not_unpacked(bench: Any) -> None:
    huge = pd.DataFrame({"row": 0, "fold": 0, "y=0": 0.0, "y=1": 0.0}, index=range(300_000))
    assert bench.judged(huge).violations[0].code == "too_many_rows"


def test_rows_in_any_order_score_alike(bench: Any) -> None:
    raw = bench.truth() * 0.4 + 0.3
    frame = bench.held_out(raw)
    assert bench.judged(frame.sample(frac=1, random_state=0)).score == bench.judged(frame).score


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    column=st.sampled_from(["row", "fold", "y=0", "y=1"]),
    value=st.one_of(
        st.none(), st.floats(), st.integers(-(2**62), 2**62), st.text(max_size=3), st.booleans(), st.binary(max_size=3)
    ),
)
def test_a_strange_cell_never_breaks_the_verifier(bench: Any, column: str, value: Any) -> None:
    frame = bench.held_out(bench.truth()).assign(**{column: pd.Series([value] * N, dtype=object)})
    verdict = bench.judged(frame)
    assert (verdict.score is None) == bool(verdict.violations)
