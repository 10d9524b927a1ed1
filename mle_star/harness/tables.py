"""Tables in every form that competitions use."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from pathlib import Path

import pandas as pd

ENCODINGS = ("utf-8-sig", "cp1252", "latin-1")


def read_table(path: Path) -> pd.DataFrame:
    """A .csv, .tsv, .json, .jsonl or .parquet file, plain, gzipped or alone in a .zip. Raises ValueError."""
    name, data = path.name.lower(), path.read_bytes()
    if name.endswith(".gz"):
        name, data = name.removesuffix(".gz"), gzip.decompress(data)
    elif name.endswith(".zip"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [info for info in archive.infolist() if not info.is_dir() and "__MACOSX" not in info.filename]
            if len(members) != 1:
                raise ValueError(f"{path.name} holds {len(members)} files, not one table")
            name, data = Path(members[0].filename).name.lower(), archive.read(members[0])
    form = name.rpartition(".")[2]
    if form == "parquet":
        return pd.read_parquet(io.BytesIO(data))
    text = _text(data)
    if form in {"jsonl", "ndjson"}:
        return _from_lines(text)
    if form == "json":
        return _from_json(text)
    frame = pd.read_csv(io.StringIO(text), sep="\t" if form == "tsv" else ",", low_memory=False)
    frame.columns = [str(column) for column in frame.columns]
    return frame


def write_table(frame: pd.DataFrame, path: Path) -> None:
    """Writes the form that the name's suffix says; other than the plain ones become .csv text."""
    name = path.name.lower()
    if name.endswith(".parquet"):
        frame.to_parquet(path, index=False)
    elif name.endswith((".jsonl", ".ndjson")):
        frame.to_json(path, orient="records", lines=True)
    elif name.endswith(".json"):
        frame.to_json(path, orient="records")
    else:
        frame.to_csv(path, index=False, sep="\t" if ".tsv" in name else ",")


def _text(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16")
    for encoding in ENCODINGS:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ValueError("no encoding fits")


def _from_lines(text: str) -> pd.DataFrame:
    return pd.DataFrame([json.loads(line) for line in text.splitlines() if line.strip()])


def _from_json(text: str) -> pd.DataFrame:
    """A list of records, an object of columns (lists, or objects of row label to value), or JSON lines after all."""
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        if error.msg == "Extra data":
            return _from_lines(text)
        raise
    if isinstance(content, dict) and len(content) == 1:
        only = next(iter(content.values()))
        content = only if isinstance(only, list) and only and isinstance(only[0], dict) else content
    if isinstance(content, dict):
        content = {k: list(v.values()) if isinstance(v, dict) else v for k, v in content.items()}
    return pd.DataFrame(content)
