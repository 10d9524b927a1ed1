"""Reading a program's predictions: nothing in them is trusted, not even that they are a table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from mle_star.tasks.verdict import Violation

LARGEST_WHOLE = 2**53


class RejectedError(Exception):
    """Predictions that cannot be used."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.violation = Violation(code=code, message=message)


def read_held_out(path: Path, rows: pd.Index, columns: list[str], repeats: int) -> np.ndarray:
    """Raw predictions (n, k) of exactly these rows, in their order; repeats are averaged. Raises RejectedError."""
    frame = _read(path, ["row", "fold", *columns], most_rows=len(rows) * repeats, what="held-out predictions")
    places = _whole(frame, ["row", "fold"])
    if places.duplicated().any():
        raise RejectedError("duplicate_predictions", "a held-out row is predicted twice in one fold; predict it once")
    if missing := len(rows.difference(places["row"])):
        raise RejectedError(
            "incomplete_predictions", f"{missing} of {len(rows)} held-out rows have no prediction; predict each of them"
        )
    if extra := len(pd.Index(places["row"].unique()).difference(rows)):
        raise RejectedError("foreign_rows", f"{extra} rows are predicted that are not held out; leave them out")
    if (places["row"].value_counts() > repeats).any():
        raise RejectedError(
            "duplicate_predictions", f"a row is held out {repeats} times at most; predict it no oftener"
        )
    raw = pd.DataFrame(_numbers(frame[columns], "held-out predictions")).groupby(places["row"].to_numpy()).mean()
    return np.asarray(raw.loc[rows])


def read_test(path: Path, rows: int, columns: list[str]) -> np.ndarray:
    """Raw predictions (rows, k) of the test rows. Raises RejectedError."""
    frame = _read(path, columns, most_rows=rows, what="test predictions")
    if len(frame) != rows:
        raise RejectedError(
            "incomplete_predictions", f"{len(frame)} of {rows} test rows are predicted; predict each once"
        )
    return _numbers(frame, "test predictions")


def _read(path: Path, columns: list[str], *, most_rows: int, what: str) -> pd.DataFrame:
    """The columns, by name; how many rows there are is looked at before any is read."""
    try:
        with pq.ParquetFile(path) as file:
            found, count = file.schema_arrow.names, file.metadata.num_rows
            if sorted(found) != sorted(columns):
                raise RejectedError(
                    "wrong_columns", f"the {what} have the columns {_some(found)}; they must have {_some(columns)}"
                )
            if count > most_rows:
                raise RejectedError(
                    "too_many_rows", f"the {what} have {count} rows, {most_rows} at most were asked for"
                )
            return file.read(use_threads=False).to_pandas()[columns]
    except (OSError, ValueError, MemoryError, pa.ArrowException) as error:
        raise RejectedError("unreadable", f"the {what} are no parquet file that can be read: {error}"[:300]) from None


def _whole(frame: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    numbers = _numbers(frame[columns], "rows and folds")
    if not (np.abs(numbers) < LARGEST_WHOLE).all() or (numbers != np.round(numbers)).any():
        raise RejectedError("not_numbers", f"the columns {columns} must hold whole numbers")
    return pd.DataFrame(numbers.astype(np.int64), columns=columns)


def _numbers(frame: pd.DataFrame, what: str) -> np.ndarray:
    if not all(pd.api.types.is_numeric_dtype(kind) for kind in frame.dtypes):
        raise RejectedError("not_numbers", f"the {what} hold something that is no number")
    numbers = np.asarray(frame.to_numpy(float, na_value=np.nan))
    if bad := int((~np.isfinite(numbers)).any(axis=1).sum()):
        raise RejectedError(
            "not_finite", f"{bad} rows of the {what} are missing or infinite; predict a number for each"
        )
    return numbers


def _some(names: list[str]) -> str:
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
