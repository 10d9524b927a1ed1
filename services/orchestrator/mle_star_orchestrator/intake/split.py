"""How training rows are held out: so that they resemble the test rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mle_star.harness.dates import read_dates
from mle_star.harness.folds import held_out_rows, usable_rows
from mle_star.service.errors import BadInputError
from mle_star.tasks.competition import Column, ColumnKind, Split, SplitKind, Target
from mle_star_orchestrator.intake.names import sounds_like_id, words
from mle_star_orchestrator.intake.notes import Notes

FOLDS = 5
HOLDOUT_FROM = 50_000  # rows: beyond them one holdout says as much as folds, for a fifth of the time
TINY = 500  # rows: below them one division into folds is mostly luck
WIDE = 500  # columns: from here on a repeat costs more than it tells
FORWARD_FOLDS = 3
LEAST_GROUPS = 10
SEPARATORS = "_-/:."
TIME_WORDS = {"time", "timestamp", "date", "datetime", "year", "epoch", "unix"}
GROUP_WORDS = {
    "group",
    "user",
    "session",
    "patient",
    "subject",
    "store",
    "customer",
    "player",
    "site",
    "device",
    "query",
}


@dataclass(frozen=True)
class Key:
    """What may tie rows together: a column, or the part of it before the last separator."""

    column: str
    separator: str | None = None

    def of(self, frame: pd.DataFrame) -> pd.Series:
        keys = frame[self.column]
        return keys.astype(str).str.rsplit(self.separator, n=1).str[0] if self.separator else keys


def choose_split(
    train: pd.DataFrame, test: pd.DataFrame, targets: list[Target], columns: list[Column], ids: list[str], seed: int,
    notes: Notes,
) -> Split:  # fmt: skip
    """Forward or by blocks if the test lies apart in time, by group if its groups are new, else by chance.

    Raises BadInputError if there are too few rows with a target.
    """
    usable = train.iloc[usable_rows(train, [target.model_dump() for target in targets])]
    if len(usable) < 2:
        raise BadInputError(f"{len(usable)} training rows have every target: at least 2 are needed, better hundreds")
    count, counted = _how_many(len(usable), len(columns))
    classified = len(targets) == 1 and targets[0].classes is not None
    split = Split(kind=SplitKind.STRATIFIED if classified else SplitKind.RANDOM, seed=seed, **count)
    why = "test rows lie among the training rows, and share their groups"
    if classified:
        why += "; each class is held out in its share"
    if apart := _apart_in_time(usable, test, targets, columns, split):
        split, why = apart
    elif grouped := _new_groups(usable, test, columns, ids, split):
        split, why = grouped
    value = f"{split.kind}, {_spoken(split)}" + (f", by {split.column}" if split.column else "")
    notes.decide("split", value, f"{why}; {counted}")
    return split


def _how_many(rows: int, columns: int) -> tuple[dict[str, int], str]:
    """Folds and repeats for a table of this size, and why."""
    if rows > HOLDOUT_FROM:
        return {"folds": 1}, f"{rows} rows are many enough for one holdout"
    folds = max(2, min(FOLDS, rows // 2))
    if rows < TINY and columns < WIDE:
        return {"folds": folds, "repeats": 3 if rows < TINY / 2 else 2}, f"{rows} rows are few, so folds are repeated"
    return {"folds": folds}, f"{rows} rows allow {folds} folds"


def _spoken(split: Split) -> str:
    folds = f"{split.share:.0%} held out" if split.folds == 1 else f"{split.folds} folds"
    return f"{split.repeats} times {folds}" if split.repeats > 1 else folds


def _apart_in_time(
    train: pd.DataFrame, test: pd.DataFrame, targets: list[Target], columns: list[Column], plain: Split
) -> tuple[Split, str] | None:
    """Forward in time if the test comes after training; else the split as far from its training rows in time."""
    for column in columns:
        is_date = column.kind is ColumnKind.DATE
        if not is_date and not (column.kind is ColumnKind.NUMBER and TIME_WORDS & set(words(column.name))):
            continue
        times, test_times = _times(train[column.name], is_date), _times(test[column.name], is_date)
        moments = len(np.unique(times))
        if moments < 3 or not len(test_times):
            continue
        last = float(np.quantile(times, 0.99))
        later = float(np.mean(test_times > last))
        if later >= 0.9:
            share = round(float(np.clip((test_times.max() - last) / (last - times.min() + 1e-9), 0.05, 0.2)), 3)
            before_all = int((1 - 1 / moments) / share)  # folds that leave earlier rows to fit on
            folds = 1 if plain.folds == 1 else min(FORWARD_FOLDS, before_all)
            split = Split(kind=SplitKind.FORWARD, folds=folds, share=share, column=column.name, seed=plain.seed)
            return split, f"{later:.0%} of the test rows are later in {column.name} than (nearly) all training rows"
        if is_date and (block := _blocks(train, test_times, column.name, targets, plain)):
            return block
    return None


def _times(values: pd.Series, is_date: bool) -> np.ndarray:
    """Known times as numbers: seconds, or the column's own unit."""
    if is_date:
        return _seconds(read_dates(values).dropna())
    return np.asarray(pd.to_numeric(values, errors="coerce").dropna(), dtype=float)


def _seconds(dates: pd.Series) -> np.ndarray:
    return np.asarray(dates.dt.tz_localize(None).to_numpy().astype("datetime64[s]").astype("int64"), dtype=float)


def _blocks(
    train: pd.DataFrame, test_times: np.ndarray, column: str, targets: list[Target], plain: Split
) -> tuple[Split, str] | None:
    """Of chance, of whole days or months and of long stretches: what lies as far from its training rows as the test."""
    times = read_dates(train[column])
    if times.isna().any():
        return None
    seconds = _seconds(times)
    wanted = _distance(test_times, seconds)
    if wanted == 0:
        return None
    context = {"targets": [target.model_dump() for target in targets]}

    def off(split: Split) -> float:
        held = held_out_rows(train, {**context, "split": split.model_dump()})[0]
        kept = np.setdiff1d(np.arange(len(train)), held)
        return abs(float(np.log1p(_distance(seconds[held], seconds[kept])) - np.log1p(wanted)))

    if off(plain) < np.log(2):
        return None
    candidates = [plain]
    if (np.diff(seconds[np.argsort(train[column].to_numpy(), kind="stable")]) >= 0).all():
        candidates.append(plain.model_copy(update={"kind": SplitKind.BLOCK, "column": column, "repeats": 1}))
    for separator in (None, *"T -/") if _holds_strings(train[column]) else (None,):
        groups = Key(column, separator).of(train).nunique()
        if LEAST_GROUPS <= groups < len(train) / 2:
            group = {"kind": SplitKind.GROUP, "column": column, "separator": separator}
            candidates.append(plain.model_copy(update=group))
    best = min(candidates, key=off)
    if best is plain:
        return None
    return (
        best,
        f"test rows lie {wanted / 3600:.1f} hours from the nearest training row in {column}, as rows held out so do",
    )


def _distance(times: np.ndarray, others: np.ndarray) -> float:
    """The mean distance to the nearest of the others."""
    others = np.unique(others)
    after = np.clip(np.searchsorted(others, times), 0, len(others) - 1)
    before = np.clip(after - 1, 0, None)
    return float(np.mean(np.minimum(np.abs(others[after] - times), np.abs(times - others[before]))))


def _new_groups(
    train: pd.DataFrame, test: pd.DataFrame, columns: list[Column], ids: list[str], plain: Split
) -> tuple[Split, str] | None:
    """By the group that test rows share least with training rows, though rows held out by chance would share it."""
    best: tuple[float, Split, str] | None = None
    for key in _keys(train, test, columns, ids):
        keys, test_keys = key.of(train).dropna(), key.of(test).dropna()
        groups = keys.nunique()
        if not len(test_keys) or not LEAST_GROUPS <= groups <= 0.9 * len(keys):
            continue
        by_chance = _seen_by_chance(keys, plain)
        seen = float(test_keys.isin(keys.unique()).mean())
        if by_chance < 0.3 or seen > by_chance / 2:
            continue
        split = plain.model_copy(update={"kind": SplitKind.GROUP, "column": key.column, "separator": key.separator})
        named = f"{key.column} before {key.separator!r}" if key.separator else key.column
        why = (
            f"{seen:.0%} of the test rows share their {named} with training rows; by chance it would be {by_chance:.0%}"
        )
        if best is None or by_chance - seen > best[0]:
            best = by_chance - seen, split, why
    return best[1:] if best else None


def _keys(train: pd.DataFrame, test: pd.DataFrame, columns: list[Column], ids: list[str]) -> Iterator[Key]:
    """Categories, numbers that are called ids or groups, ids that repeat, and what ids hold before a separator."""
    for column in columns:
        called = sounds_like_id(column.name) or GROUP_WORDS & set(words(column.name))
        if column.kind in {ColumnKind.CATEGORY, ColumnKind.TEXT} or (column.kind is ColumnKind.NUMBER and called):
            yield Key(column.name)
    for name in ids:
        if name in train.columns and name in test.columns:
            yield Key(name)
        if name in train.columns and name in test.columns and _holds_strings(train[name]):
            for separator in SEPARATORS:
                if train[name].astype(str).str.contains(separator, regex=False).mean() > 0.95:
                    yield Key(name, separator)


def _holds_strings(values: pd.Series) -> bool:
    return values.dtype == object or isinstance(values.dtype, pd.StringDtype)


def _seen_by_chance(keys: pd.Series, split: Split) -> float:
    """The share of rows held out by chance whose key other rows have."""
    held = 0.2 if split.folds == 1 else 1 / split.folds
    sizes = keys.value_counts().to_numpy()
    return float(np.average(1 - held ** (sizes - 1.0), weights=sizes))
