"""From the folds' predictions to what is scored and what is submitted."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from mle_star.artifacts import ArtifactStore
from mle_star.harness.folds import held_out_rows
from mle_star.harness.tables import read_table
from mle_star.service.errors import BadInputError
from mle_star.tasks.artifact import Artifact
from mle_star.tasks.attempt import AttemptRequest
from mle_star.tasks.competition import Competition
from mle_star.tasks.execution import Execution
from mle_star_executor.predictions import UnusablePredictionsError, read_raw, read_submission
from mle_star_executor.recipes.main import submission_name


def submission_names(competition: Competition) -> list[str]:
    """Where a program may have put its submission, packed ones aside."""
    sample = Path(competition.files.sample).name
    plain = [] if sample.lower().endswith((".zip", ".gz")) else [sample]
    return list(dict.fromkeys([submission_name(sample), "submission.csv", *plain]))


def assemble(store: ArtifactStore, request: AttemptRequest, executions: list[Execution]) -> tuple[Artifact, Artifact]:
    """`held_out` and `test` of an attempt: the first rows of each fold's test file, and the mean of the others.

    Raises UnusablePredictionsError, and BadInputError where the folds are not those of the competition.
    """
    competition, columns = request.competition, request.competition.raw_columns()
    train = _read(store, competition.artifacts[competition.files.train])
    held_out = held_out_rows(train, competition.context())
    if len(held_out) != len(executions):
        raise BadInputError(f"there are {len(executions)} folds in the request; the competition has {len(held_out)}")
    parts, tests = [], []
    for fold, (rows, execution) in enumerate(zip(held_out, executions, strict=True)):
        test = _read(store, request.folds[fold][competition.files.test])
        if len(test) <= len(rows):
            raise BadInputError(f"the test file of fold {fold} has {len(test)} rows, {len(rows)} of them held out")
        try:
            raw = _predictions(store, execution, test, competition, columns)
        except UnusablePredictionsError as error:
            raise UnusablePredictionsError(f"fold {fold}: {error}") from error
        part = pd.DataFrame(raw[: len(rows)], columns=columns)
        part.insert(0, "row", rows.astype("int64"))
        part.insert(1, "fold", fold)
        parts.append(part)
        tests.append(raw[len(rows) :])
    return (
        _put(store, "held_out.parquet", pd.concat(parts, ignore_index=True)),
        _put(store, "test.parquet", pd.DataFrame(np.mean(tests, axis=0), columns=columns)),
    )


def _predictions(
    store: ArtifactStore, execution: Execution, test: pd.DataFrame, competition: Competition, columns: list[str]
) -> np.ndarray:
    """Of one fold's test rows, from the raw predictions or else from the submission."""
    if (raw := execution.files.get("raw.parquet")) is not None:
        return read_raw(store.path(raw), columns, len(test))
    names = submission_names(competition)
    if (name := next((name for name in names if name in execution.files), None)) is None:
        raise UnusablePredictionsError(f"the program left neither working/raw.parquet nor working/{names[0]}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        store.copy(execution.files[name], path)
        return read_submission(path, test, competition)


def _read(store: ArtifactStore, artifact: Artifact) -> pd.DataFrame:
    """A table by its own name, which says its form."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / Path(artifact.name).name
        path.symlink_to(store.path(artifact).absolute())
        return read_table(path)


def _put(store: ArtifactStore, name: str, frame: pd.DataFrame) -> Artifact:
    return store.put_bytes(name, frame.to_parquet(index=False))
