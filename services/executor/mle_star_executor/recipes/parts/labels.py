"""The targets as numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd


def target_values(column: pd.Series, target: dict[str, Any]) -> np.ndarray:
    """The numbers as floats, or the place of each label among the classes; -1 or NaN where it is missing."""
    if target["classes"] is None:
        return np.asarray(pd.to_numeric(column, errors="coerce"), dtype=float)
    places = {label: place for place, label in enumerate(target["classes"])}
    by_text = {str(label): place for label, place in places.items()}
    found = [places.get(label, by_text.get(str(label), -1)) for label in column]
    return np.asarray(found, dtype=int)
