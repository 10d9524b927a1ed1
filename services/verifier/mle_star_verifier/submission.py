"""The submission: test predictions decided, rendered in the sample's form, gated, and kept as an artifact."""

from __future__ import annotations

import tempfile
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from mle_star.artifacts import ArtifactMissingError, ArtifactStore
from mle_star.harness.tables import read_table, write_table
from mle_star.service.errors import BadInputError, NotFoundError
from mle_star.tasks.artifact import Artifact
from mle_star.tasks.competition import Competition

FORMS = {".csv", ".tsv", ".json", ".jsonl", ".parquet"}
KEPT = 8


class Tables:
    """The competition's own tables; those last read are kept."""

    def __init__(self, store: ArtifactStore) -> None:
        self._store = store
        self._read = lru_cache(maxsize=KEPT)(self._read_once)

    def sample(self, competition: Competition) -> pd.DataFrame:
        """Raises NotFoundError, BadInputError."""
        return self._table(competition, competition.files.sample)

    def keys(self, competition: Competition) -> pd.DataFrame:
        """The test rows by the columns that a submission takes from them: its key, if it has one, and its text."""
        form = competition.submission
        columns = list(dict.fromkeys([*([form.key[1]] if form.key else []), *([form.text] if form.text else [])]))
        if not columns:
            return pd.DataFrame(index=np.arange(competition.test_rows))
        test = self._table(competition, competition.files.test)
        if not set(columns) <= set(test.columns) or len(test) != competition.test_rows:
            raise BadInputError(f"the test file has no {competition.test_rows} rows with {', '.join(columns)}")
        return test[columns]

    def _table(self, competition: Competition, name: str) -> pd.DataFrame:
        if (artifact := competition.artifacts.get(name)) is None:
            raise BadInputError(f"the competition names a file {name!r} that is not among its artifacts")
        return self._read(artifact, Path(name).name)

    def _read_once(self, artifact: Artifact, name: str) -> pd.DataFrame:
        """Under its own name, because that says its form."""
        with tempfile.TemporaryDirectory() as folder:
            link = Path(folder) / name
            try:
                link.symlink_to(self._store.path(artifact).resolve())
                return read_table(link)
            except ArtifactMissingError as error:
                raise NotFoundError(f"{error}; post the competition again", code="artifact_missing") from None
            except (OSError, ValueError) as error:
                raise BadInputError(f"{name} cannot be read as a table: {error}") from None


def store_submission(store: ArtifactStore, frame: pd.DataFrame, competition: Competition) -> Artifact:
    """Writes it in the sample's form, unpacked, as `submission.csv` or the like."""
    suffixes = [suffix.lower() for suffix in Path(competition.files.sample).suffixes]
    form = next((suffix for suffix in reversed(suffixes) if suffix in FORMS), ".csv")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"submission{form}"
        write_table(frame, path)
        return store.put_file(path)
