"""Dates as numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mle_star.harness.dates import read_dates

CYCLES = {"hour": 24, "weekday": 7, "day of year": 365.25}
"""After how much of a part it is the same again."""


def date_parts(column: pd.Series) -> dict[str, pd.Series]:
    """Year, month, day and so on, those that vary; NaN where it is no date."""
    if pd.api.types.is_numeric_dtype(column):
        return {"": pd.to_numeric(column).astype(float)}
    dates = read_dates(column)
    parts = {
        "year": dates.dt.year,
        "month": dates.dt.month,
        "day": dates.dt.day,
        "weekday": dates.dt.dayofweek,
        "day of year": dates.dt.dayofyear,
        "hour": dates.dt.hour + dates.dt.minute / 60,
        "days": (dates - pd.Timestamp("2000-01-01", tz="UTC")).dt.total_seconds() / 86400,
    }
    known = {name: part.astype(float) for name, part in parts.items() if part.nunique() > 1}
    for name, period in CYCLES.items():
        if name in known:
            angle = known[name] * 2 * np.pi / period
            known |= {f"{name} sine": np.sin(angle), f"{name} cosine": np.cos(angle)}
    return known
