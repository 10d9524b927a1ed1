"""Reading what a program of unknown origin says it predicts: nothing in the file is taken on trust."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from mle_star.harness.spans import span_marks
from mle_star.harness.tables import read_table
from mle_star.tasks.competition import Competition, Label, Layout
from mle_star.tasks.metric import Predicts

BYTES_A_CELL = 64
SPARE_BYTES = 4 << 20


class UnusablePredictionsError(Exception):
    """The file is not what was asked for; the message says what it is and what it should be."""


def read_raw(path: Path, columns: list[str], rows: int) -> np.ndarray:
    """`raw.parquet` as (rows, columns) of finite floats. Raises UnusablePredictionsError."""
    _check_size(path, "raw.parquet", rows, len(columns))
    try:
        with pq.ParquetFile(path) as file:
            _check_shape(file, columns, rows)
            table = file.read(columns=columns)
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        raise UnusablePredictionsError(f"raw.parquet cannot be read as parquet: {str(error)[:300]}") from error
    if table.num_rows != rows:
        raise UnusablePredictionsError(f"raw.parquet holds {table.num_rows} rows; the test file has {rows}")
    return _finite(
        np.column_stack([table[name].to_numpy().astype(float) for name in columns]), "raw.parquet", rows, len(columns)
    )


def read_submission(path: Path, test: pd.DataFrame, competition: Competition) -> np.ndarray:
    """A submission for the rows of `test`, as raw predictions. Raises UnusablePredictionsError."""
    form, columns = competition.submission, competition.raw_columns()
    _check_size(path, path.name, len(test), len(form.columns))
    try:
        frame = read_table(path)
    except Exception as error:  # whatever a parser makes of a hostile file
        raise UnusablePredictionsError(f"{path.name} cannot be read as a table: {str(error)[:300]}") from error
    if missing := [name for name in form.columns if name not in frame.columns]:
        raise UnusablePredictionsError(f"{path.name} has no column {missing[0]!r}; it needs {form.columns}")
    answers = _in_test_order(frame, test, competition, path.name)
    if form.layout is Layout.CLASSES:
        parts = [_numbers(answers, form.answers, path.name)]
    elif form.layout is Layout.RANKED:
        parts = [_ranked(answers[form.answers[0]], competition.targets[0].classes or [])]
    elif form.layout is Layout.SPAN:
        parts = [span_marks(test[str(form.text)], answers[form.answers[0]])]
    elif form.layout is Layout.TARGETS:
        parts = [
            _one_target(answers, answer, target.classes, competition.metric.predicts, path.name)
            for answer, target in zip(form.answers, competition.targets, strict=True)
        ]
    else:
        raise UnusablePredictionsError(f"a submission of this form says too little: write raw.parquet with {columns}")
    return _finite(np.hstack(parts), path.name, len(test), len(columns))


def _check_size(path: Path, name: str, rows: int, columns: int) -> None:
    most = rows * (columns + 4) * BYTES_A_CELL + SPARE_BYTES
    if path.stat().st_size > most:
        raise UnusablePredictionsError(f"{name} has {path.stat().st_size} bytes; {most} are more than enough")


def _check_shape(file: pq.ParquetFile, columns: list[str], rows: int) -> None:
    """By its own account; a file that lies about it fails when it is read."""
    schema, metadata = file.schema_arrow, file.metadata
    if metadata.num_rows != rows:
        raise UnusablePredictionsError(f"raw.parquet has {metadata.num_rows} rows; the test file has {rows}")
    for name in columns:
        if schema.names.count(name) != 1:
            found = f"{schema.names.count(name)} columns {name!r}"
            raise UnusablePredictionsError(f"raw.parquet has {found}; it needs one each of {columns}")
        kind = schema.field(name).type
        if not (pa.types.is_floating(kind) or pa.types.is_integer(kind)):
            raise UnusablePredictionsError(f"raw.parquet has {kind} in {name!r}; it must be a column of floats")
    groups = [metadata.row_group(place) for place in range(metadata.num_row_groups)]
    most = rows * (len(columns) + 4) * BYTES_A_CELL + SPARE_BYTES
    if sum(group.total_byte_size for group in groups) > most:
        raise UnusablePredictionsError(f"raw.parquet unpacks to more than {most} bytes")


def _in_test_order(frame: pd.DataFrame, test: pd.DataFrame, competition: Competition, name: str) -> pd.DataFrame:
    key = competition.submission.key
    if key is None:
        if len(frame) != len(test):
            raise UnusablePredictionsError(f"{name} has {len(frame)} rows; the test file has {len(test)}")
        return frame.reset_index(drop=True)
    keyed = frame.set_index(frame[key[0]].map(str).to_numpy())
    if not keyed.index.is_unique:
        raise UnusablePredictionsError(f"{name} has a value of {key[0]!r} twice")
    wanted = test[key[1]].map(str)
    if not wanted.isin(keyed.index).all():
        missing = wanted[~wanted.isin(keyed.index)].iloc[0]
        raise UnusablePredictionsError(f"{name} has no row for the {key[0]} {missing!r} of the test file")
    return keyed.loc[wanted.to_numpy()].reset_index(drop=True)


def _one_target(
    answers: pd.DataFrame, answer: str, classes: list[Label] | None, predicts: Predicts, name: str
) -> np.ndarray:
    """A number as it is, the probability of the last of two classes, or a label as 0 and 1."""
    if classes is None:
        return _numbers(answers, [answer], name)
    if predicts is Predicts.PROBABILITIES and len(classes) == 2:
        last = _numbers(answers, [answer], name)
        return np.hstack([1 - last, last])
    places = {str(label): place for place, label in enumerate(classes)}
    found = answers[answer].map(lambda label: places.get(_plain(label), -1)).to_numpy(dtype=int)
    if (found < 0).any():
        label = answers[answer].iloc[int(np.argmin(found))]
        raise UnusablePredictionsError(f"{name} answers {label!r} in {answer!r}; the labels are {classes[:20]}")
    return np.asarray(np.eye(len(classes))[found])


def _ranked(answers: pd.Series, classes: list[Label]) -> np.ndarray:
    """The label ranked first scores highest; those not named score nothing."""
    places = {str(label): place for place, label in enumerate(classes)}
    raw = np.zeros((len(answers), len(classes)))
    for row, answer in enumerate(answers.map(str)):
        for rank, label in enumerate(answer.split()[: len(classes)]):
            if label in places:
                raw[row, places[label]] = max(raw[row, places[label]], 1 / (rank + 1))
    return raw


def _numbers(answers: pd.DataFrame, columns: list[str], name: str) -> np.ndarray:
    try:
        return np.asarray(answers[columns].to_numpy(dtype=float))
    except (ValueError, TypeError) as error:
        raise UnusablePredictionsError(f"{name} must hold numbers in {columns}: {str(error)[:200]}") from error


def _plain(label: object) -> str:
    """1.0 and 1 are one."""
    return str(int(label)) if isinstance(label, float) and label.is_integer() else str(label)


def _finite(raw: np.ndarray, name: str, rows: int, columns: int) -> np.ndarray:
    if raw.shape != (rows, columns):
        raise UnusablePredictionsError(f"{name} has the shape {raw.shape}, not {(rows, columns)}")
    if bad := int((~np.isfinite(raw)).sum()):
        raise UnusablePredictionsError(f"{name} has {bad} values that are missing or infinite")
    return raw
