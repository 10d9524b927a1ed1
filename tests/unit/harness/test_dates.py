"""Dates in every form, and in several."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mle_star.harness import dates
from mle_star.harness.dates import read_dates

MOMENT = pd.Timestamp("2019-03-25 06:30", tz="UTC")


@pytest.mark.parametrize(
    "text",
    ["2019-03-25 06:30", "2019-03-25 06:30:00 UTC", "2019-03-25T06:30:00Z", "2019-03-25 08:30:00+02:00",
     "25 March 2019 06:30", "03/25/2019 6:30 AM", "2019-03-25 06:30:00.0000000"],
)  # fmt: skip
def test_a_moment_is_one_however_it_is_written(text: str) -> None:
    assert read_dates(pd.Series([text, None, "no date", text])).tolist() == [MOMENT, pd.NaT, pd.NaT, MOMENT]


def test_forms_may_be_mixed_and_rows_keep_their_index() -> None:
    mixed = pd.Series(["2019-03-25 06:30", "25 March 2019 06:30", np.nan, "unknown"], index=[3, 1, 7, 5], name="when")
    found = read_dates(mixed)
    assert found.index.tolist() == [3, 1, 7, 5]
    assert found.tolist() == [MOMENT, MOMENT, pd.NaT, pd.NaT]


def test_a_common_form_is_not_read_text_by_text(monkeypatch: pytest.MonkeyPatch) -> None:
    read, one_by_one = pd.to_datetime, []

    def spy(values: pd.Series, **more: object) -> pd.Series:
        if more.get("format") == "mixed":
            one_by_one.extend(values)
        return read(values, **more)

    monkeypatch.setattr(dates.pd, "to_datetime", spy)
    times = pd.Series(pd.date_range("2012-01-01", periods=2000, freq="37min")).dt.strftime("%Y-%m-%d %H:%M:%S UTC")
    assert read_dates(pd.concat([times, pd.Series(["unknown"] * 50)])).notna().sum() == 2000
    assert one_by_one == ["unknown"]
