"""Reading a competition's table, with one clear line where it cannot be read."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from mle_star.harness.tables import read_table
from mle_star.service.errors import BadInputError
from mle_star_orchestrator.intake.notes import Notes

_MAGIC = {
    b"PK\x03\x04": "a zip archive",
    b"\x1f\x8b": "gzip data",
    b"PAR1": "a parquet file",
    b"\x89PNG": "an image",
    b"\xff\xd8\xff": "an image",
    b"%PDF": "a PDF",
    b"\x7fELF": "a program",
    b"SQLite format": "a database",
    b"\xd0\xcf\x11\xe0": "an Excel file",
}
_MARKS = (b"\xff\xfe", b"\xfe\xff")  # byte order marks of UTF-16: text, though it holds zero bytes
_TEXT = (".csv", ".tsv", ".json", ".jsonl", ".ndjson")


def read(path: Path, name: str, notes: Notes) -> pd.DataFrame:
    """The table of a file, with at least one row. Raises BadInputError."""
    if path.stat().st_size == 0:
        raise BadInputError(f"{name} is empty: download it again")
    if path.name.lower().endswith(_TEXT):
        _check_text(path, name, notes)
    try:
        frame = read_table(path)
    except pd.errors.EmptyDataError:
        raise BadInputError(f"{name} has no columns: download it again") from None
    except Exception as error:  # each reader has exceptions of its own
        raise BadInputError(f"{name} cannot be read: {_first_line(error)}; put it right or download it again") from None
    header = "".join(map(str, frame.columns))
    if "\0" in header:
        raise BadInputError(f"{name} is in an encoding that is not read here, likely UTF-16: save it as UTF-8")
    if len(frame.columns) == 1 and any(separator in header for separator in ";\t|"):
        raise BadInputError(
            f"{name} has other separators than its suffix says: save it with commas, or with tabs as .tsv"
        )
    if frame.empty:
        raise BadInputError(f"{name} has no rows: it needs at least one below its header")
    return frame


def read_header(path: Path) -> set[str]:
    """The names of a table's columns; none if they cannot be read."""
    name = path.name.lower()
    try:
        if ".csv" in name or ".tsv" in name:
            separator = "\t" if ".tsv" in name else ","
            return set(map(str, pd.read_csv(path, sep=separator, nrows=0, encoding_errors="replace").columns))
        return set(map(str, read_table(path).columns))
    except Exception:  # a file that is no table has no header
        return set()


def _check_text(path: Path, name: str, notes: Notes) -> None:
    data = path.read_bytes()
    kind = next((kind for magic, kind in _MAGIC.items() if data.startswith(magic)), None)
    if kind is None and b"\0" in data[:65536] and not data.startswith(_MARKS):
        kind = "binary data"
    start = data[:200].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if kind is None and start.startswith((b"<!doctype html", b"<html")):
        kind = "a web page"
    if kind is None and path.suffix.lower() in {".csv", ".tsv"} and start.startswith((b'{"', b'[{"', b"[{'")):
        kind = "JSON"
    if kind:
        raise BadInputError(f"{name} holds {kind}, not what its suffix says: rename it or download it again")
    try:
        data.decode()
    except UnicodeDecodeError:
        notes.warn(f"{name} is not UTF-8: it was read in another encoding")


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].removeprefix("Error tokenizing data. C error: ") if lines else type(error).__name__
