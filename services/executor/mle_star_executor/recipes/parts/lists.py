"""Lists inside cells, as JSON, as Python, or with a separator."""

from __future__ import annotations

import ast
import json
from collections import Counter
from typing import Any

import pandas as pd
from scipy import sparse


def list_items(column: pd.Series) -> list[list[str]]:
    """The items of each cell, as text; none where it is missing."""
    return [_items(cell) for cell in column]


def item_matrix(items: list[list[str]], most: int = 300) -> sparse.csr_matrix:
    """A column for each of the commonest items that more than two rows have, (rows, columns) of 0 and 1."""
    rows_with = Counter(item for row in items for item in set(row))
    columns = {item: place for place, (item, count) in enumerate(rows_with.most_common(most)) if count > 2}
    pairs = [(row, columns[item]) for row, mine in enumerate(items) for item in sorted(set(mine)) if item in columns]
    rows, places = zip(*pairs, strict=True) if pairs else ((), ())
    return sparse.csr_matrix(([1.0] * len(pairs), (rows, places)), shape=(len(items), len(columns)))


def _items(cell: Any) -> list[str]:
    if isinstance(cell, str):
        cell = _parse(cell.strip())
    if isinstance(cell, dict):
        return [f"{key}={value}" for key, value in cell.items()]
    if hasattr(cell, "__iter__"):
        return [str(item).strip() for item in cell if str(item).strip()]
    return [] if pd.isna(cell) else [str(cell)]


def _parse(text: str) -> Any:
    if text[:1] in {"[", "(", "{"}:
        for parse in (json.loads, ast.literal_eval):
            try:
                return parse(text)
            except (ValueError, SyntaxError, MemoryError, RecursionError):
                continue
        text = text.strip("[](){}")
    separator = next((mark for mark in "|;," if mark in text), None)
    return text.split(separator) if separator else [text] if text else []
