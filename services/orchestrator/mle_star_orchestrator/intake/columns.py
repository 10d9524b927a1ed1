"""What the columns of a table are: ids, and the kinds of the inputs."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from mle_star.tasks.competition import Column, ColumnKind
from mle_star_orchestrator.intake.names import sounds_like_id
from mle_star_orchestrator.intake.notes import Notes, listed

LOOKED_AT = 200  # values of a column that its kind is told from
_DATE = re.compile(
    r"\s*(\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|\d{14}Z?$|\d{1,2}[- ][A-Za-z]{3,9}[- ,]+\d{2,4}"
    r"|[A-Za-z]{3,9}\.? \d{1,2},? \d{4})"
)


def input_columns(train: pd.DataFrame, test: pd.DataFrame, apart: set[str], notes: Notes) -> list[Column]:
    """The columns that training and test rows share, but for those set `apart` (targets and ids)."""
    columns = [
        Column(
            name=name,
            kind=kind_of(train[name], test[name]),
            distinct=_plain_values(train[name]).nunique(),
            missing=round(float(train[name].isna().mean()), 4),
        )
        for name in map(str, train.columns)
        if name in test.columns and name not in apart
    ]
    if empty := [column.name for column in columns if column.kind is ColumnKind.EMPTY]:
        notes.warn(f"columns without a value in training or in test rows are not used: {listed(empty)}")
    return columns


def kind_of(train: pd.Series, test: pd.Series) -> ColumnKind:
    if train.isna().all() or test.isna().all():
        return ColumnKind.EMPTY
    if pd.api.types.is_bool_dtype(train):
        return ColumnKind.CATEGORY
    if pd.api.types.is_datetime64_any_dtype(train):
        return ColumnKind.DATE
    if _is_numeric(train) and _is_numeric(test):
        return ColumnKind.NUMBER
    values = _some(train)
    if values.dtype == object:
        if values.map(lambda value: isinstance(value, list | tuple | dict | set | np.ndarray)).any():
            return ColumnKind.LIST
        if values.map(lambda value: isinstance(value, bool | np.bool_)).all():
            return ColumnKind.CATEGORY
    texts = values.astype(str)
    if _are_numbers(texts) and _are_numbers(_some(test).astype(str)):
        return ColumnKind.NUMBER
    if _are_dates(texts):
        return ColumnKind.DATE
    return ColumnKind.TEXT if _is_text(train, texts) else ColumnKind.CATEGORY


def id_columns(train: pd.DataFrame, test: pd.DataFrame, sample: pd.DataFrame, targets: list[str]) -> list[str]:
    """Columns that name a row: unique wherever they are, and called or used as an id, or counting the rows."""
    found = []
    for name in dict.fromkeys([*map(str, train.columns), *map(str, test.columns)]):
        if name in targets:
            continue
        present = [frame[name] for frame in (train, test) if name in frame.columns]
        used_as_one = name in sample.columns or sounds_like_id(name)
        if (used_as_one or counts_rows(present[0])) and all(_names_rows(values) for values in present):
            found.append(name)
    return found


def is_new_in_test(name: str, train: pd.DataFrame, test: pd.DataFrame) -> bool:
    """Whether a column of the test names things that training rows know nothing of; never dates and texts."""
    texts = _some(test[name]).astype(str)
    if _are_dates(texts) or _reads_as_text(texts):
        return False
    return name not in train.columns or bool(test[name].isin(train[name]).mean() < 0.5)


def _names_rows(values: pd.Series) -> bool:
    if pd.api.types.is_bool_dtype(values) or pd.api.types.is_float_dtype(values) or values.isna().any():
        return False
    some = _some(values)
    if not some.map(lambda value: isinstance(value, str | int | np.integer)).all() or not values.is_unique:
        return False
    texts = some.astype(str)
    return not _are_dates(texts) and not _reads_as_text(texts)


def counts_rows(values: pd.Series) -> bool:
    """Whether a column is nothing but a running number."""
    return bool(pd.api.types.is_integer_dtype(values) and len(values) > 2 and np.all(np.diff(values) == 1))


def _is_numeric(values: pd.Series) -> bool:
    return bool(pd.api.types.is_numeric_dtype(values))


def _some(values: pd.Series) -> pd.Series:
    """Up to a few hundred values from all over the column."""
    known = values.dropna()
    return known.iloc[:: max(1, len(known) // LOOKED_AT)].iloc[:LOOKED_AT]


def _are_numbers(texts: pd.Series) -> bool:
    return bool(pd.to_numeric(texts, errors="coerce").notna().mean() >= 0.95)


def _are_dates(texts: pd.Series) -> bool:
    if not texts.iloc[:20].map(lambda text: _DATE.match(text) is not None).all():
        return False
    return bool(pd.to_datetime(texts, errors="coerce", format="mixed", utc=True).notna().mean() >= 0.95)


def _is_text(values: pd.Series, some: pd.Series) -> bool:
    """Words that rarely repeat, rather than names from a list."""
    if not _reads_as_text(some):
        return False
    distinct = values.nunique()
    return bool(distinct > 0.5 * values.notna().sum() or distinct > 1000)


def _reads_as_text(texts: pd.Series) -> bool:
    return bool(texts.str.count(r"\S+").mean() >= 2 or texts.str.len().mean() >= 40)


def _plain_values(values: pd.Series) -> pd.Series:
    """Values that can be counted: lists and such as their text."""
    if values.dtype != object:
        return values
    return values.map(
        lambda value: value if isinstance(value, str | int | float | bool) else repr(value), na_action="ignore"
    )
