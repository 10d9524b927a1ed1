"""Totals of numbers that belong together."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd


def totals(numbers: dict[str, pd.Series]) -> dict[str, pd.Series]:
    """Sums over columns whose names end alike (1stFlrSF, 2ndFlrSF), and over amounts that are often zero."""
    counted = {name: values for name, values in numbers.items() if values.min() >= 0 and values.nunique() > 2}
    groups: dict[str, list[str]] = {}
    for name in counted:
        ending = re.search(r"(?:[A-Z]+|[A-Z]?[a-z]+)$", name)
        if ending and ending[0] != name and len(ending[0]) > 1:
            groups.setdefault(f"total {ending[0]}", []).append(name)
    groups["total amount"] = [n for n, v in counted.items() if v.nunique() > 20 and (v == 0).mean() > 0.3]
    made = {}
    for title, names in groups.items():
        if 2 <= len(names) <= 12:
            made[title] = pd.concat([counted[name] for name in names], axis=1).sum(axis=1)
    if "total amount" in made:
        made["total amount, logarithm"] = np.log1p(made["total amount"])
    return made
