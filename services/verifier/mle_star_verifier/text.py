"""Keys and labels as text, so that those of different types can be compared."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd


def as_text(value: Any) -> str:
    """7, 7.0 and '7' are one, and so are True and 'True'; a missing value is ''."""
    if isinstance(value, float):
        if math.isnan(value):
            return ""
        return str(int(value)) if value.is_integer() else str(value)
    return "" if value is None or value is pd.NA or value is pd.NaT else str(value).strip()


def texts(values: pd.Series) -> pd.Series:
    return values.astype(object).map(as_text, na_action=None)
