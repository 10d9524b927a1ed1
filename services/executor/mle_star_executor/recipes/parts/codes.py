"""Values with parts in them: F/731/S, 0001_02, C85."""

from __future__ import annotations

import re

import pandas as pd

SEPARATORS = ("/", "_", "-", ":", ".", "|")
ALIKE = 0.9  # the share of values that must have the same form


def code_parts(column: pd.Series) -> list[pd.Series]:
    """The parts as text, one column each, missing where the form is another; none where there is no form."""
    known = column.dropna()
    if not len(known):
        return []
    for separator in SEPARATORS:
        counts = known.str.count(re.escape(separator))
        count = counts.mode().iloc[0]
        if 1 <= count <= 5 and (counts == count).mean() >= ALIKE:
            parts = column.str.split(separator, n=int(count), expand=True, regex=False)
            plain = known.str.fullmatch(rf"[\w{re.escape(''.join(SEPARATORS))}]+")
            return [parts[place] for place in parts.columns] if plain.mean() >= ALIKE else []
    if known.str.match(r"[A-Za-z]{1,4}\d").mean() >= ALIKE:
        parts = column.str.extract(r"^([A-Za-z]{1,4})(\d+)")
        return [parts[0], parts[1]]
    return []
