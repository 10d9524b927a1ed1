"""Dates from text, in whatever forms they are written."""

from __future__ import annotations

import warnings

import pandas as pd


def read_dates(column: pd.Series) -> pd.Series:
    """Moments in UTC; NaT where there is none. The commonest form is read at once, what is left text by text."""
    if not pd.api.types.is_object_dtype(column) and not pd.api.types.is_string_dtype(column):
        return pd.to_datetime(column, errors="coerce", utc=True)
    codes, distinct = pd.factorize(column.map(str, na_action="ignore"))
    texts = pd.Series(distinct, dtype=object).str.replace(r"\s*(?:UTC|GMT)$", "", regex=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that there is no one form is what is found out here
        dates = pd.to_datetime(texts, errors="coerce", utc=True)
        other = dates.isna()
        dates[other] = pd.to_datetime(texts[other], errors="coerce", format="mixed", utc=True)
    return pd.Series(dates.array.take(codes, allow_fill=True), index=column.index, name=column.name)
