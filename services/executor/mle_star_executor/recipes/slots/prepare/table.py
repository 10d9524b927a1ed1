"""prepare: every column as numbers and categories, with what can be read out of dates, lists, codes and names."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from mle_star_executor.recipes.parts.blocks import Blocks
from mle_star_executor.recipes.parts.codes import code_parts
from mle_star_executor.recipes.parts.dates import date_parts
from mle_star_executor.recipes.parts.lists import item_matrix, list_items
from mle_star_executor.recipes.parts.ordered_levels import ordered_level
from mle_star_executor.recipes.parts.sums import totals
from mle_star_executor.recipes.parts.text_pairs import text_pairs
from mle_star_executor.recipes.parts.text_shape import shared_words, text_shape

LARGEST = 1e30  # what is beyond would overflow when it is squared or made single precision


def prepare_table(train: pd.DataFrame, test: pd.DataFrame, context: dict[str, Any]) -> Blocks:
    """The blocks `number`, `category`, `levels`, and `items` where there are lists."""
    kinds = {**{name: "id" for name in context["ids"] if name in train and name in test}, **context["columns"]}
    rows = pd.concat([train[list(kinds)], test[list(kinds)]], ignore_index=True)
    numbers: dict[str, pd.Series] = {}
    words: dict[str, pd.Series] = {}
    items = []
    for name, kind in kinds.items():
        column = rows[name]
        if kind == "number":
            numbers[name] = _number(column)
        elif kind == "date":
            numbers.update({f"{name}: {part}": values for part, values in date_parts(column).items()})
        elif kind == "list":
            mine = list_items(column)
            numbers[f"{name}: length"] = pd.Series([float(len(row)) for row in mine])
            items.append(item_matrix(mine))
        elif kind != "empty":
            _read_words(name, kind, _text(column), numbers, words)
    numbers.update(totals(numbers))
    numbers.update(text_pairs({name: _text(rows[name]) for name, kind in kinds.items() if kind == "text"}))
    missing = rows[list(context["columns"])].isna().sum(axis=1)
    if missing.nunique() > 1:
        numbers["missing"] = missing.astype(float)
    blocks: Blocks = {
        "number": pd.DataFrame(numbers or {"nothing": 0.0}, index=rows.index, dtype=float),
        "category": pd.DataFrame({name: _codes(values) for name, values in words.items()}, index=rows.index),
        "levels": pd.DataFrame({n: _codes(v) for n, v in numbers.items() if _is_level(v)}, index=rows.index),
    }
    if items:
        blocks["items"] = sparse.hstack(items, format="csr")
    return blocks


def _read_words(
    name: str, kind: str, text: pd.Series, numbers: dict[str, pd.Series], words: dict[str, pd.Series]
) -> None:
    """Adds what a column of words holds: the words themselves where they repeat, their order, parts and counts."""
    if kind == "category":
        words[name] = text
        if (level := ordered_level(text)) is not None:
            numbers[f"{name}: order"] = level
    if kind == "text":
        filled = text.fillna("")
        numbers.update({f"{name}: {what}": values for what, values in text_shape(filled).items()})
    parts = {f"{name}: part {place}": part for place, part in enumerate(code_parts(text))}
    if kind == "text" and not parts:
        parts = {f"{name}: {what}": values for what, values in shared_words(text).items()}
    for title, part in parts.items():
        number = pd.to_numeric(part, errors="coerce")
        if number.notna().sum() >= 0.95 * part.notna().sum() > 0:
            numbers[title] = number.astype(float)
        else:
            words[title] = part
    counted = {title: part for title, part in {name: text, **parts}.items() if part.nunique() > 10}
    for title, part in counted.items():
        counts = part.map(part.value_counts()).astype(float)
        if counts.nunique() > 1:
            numbers[f"{title}: count"] = counts


def _number(column: pd.Series) -> pd.Series:
    values = pd.to_numeric(column, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    return pd.Series(np.where(np.isfinite(values), np.clip(values, -LARGEST, LARGEST), np.nan), index=column.index)


def _text(column: pd.Series) -> pd.Series:
    """As Python strings; 1.0 and 1 are one."""
    if pd.api.types.is_float_dtype(column):
        column = column.convert_dtypes()
    return column.map(str, na_action="ignore").astype("str")


def _codes(values: pd.Series) -> np.ndarray:
    """Places in sorted order; values that are seen once share one code, and what is missing is -1."""
    counts = values.map(values.value_counts())
    once = (counts == 1) & values.notna()
    codes, kept = pd.factorize(values.mask(once), sort=True)
    return np.where(once, len(kept), codes).astype("int32")


def _is_level(values: pd.Series) -> bool:
    return bool(3 <= values.nunique() <= 20 and (values.dropna() % 1 == 0).all())
