"""Small made-up competitions, laid out in folders."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from mle_star_orchestrator.intake import take_in

from mle_star.artifacts import ArtifactStore
from mle_star.harness.tables import write_table
from mle_star.tasks.artifact import Artifact
from mle_star.tasks.competition import Competition


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path / "store")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "competition"
    place.mkdir()
    return place


@pytest.fixture
def lay_out(folder: Path) -> Callable[..., Path]:
    """Writes a frame for each file name (`train` means `train.csv`), or a text as it is."""

    def write(**files: pd.DataFrame | str) -> Path:
        for name, content in files.items():
            path = folder / (name.replace("__", ".") if "__" in name else f"{name}.csv")
            path.write_text(content) if isinstance(content, str) else write_table(content, path)
        return folder

    return write


@pytest.fixture
def intake(store: ArtifactStore) -> Callable[..., tuple[Competition, Artifact]]:
    def run(folder: Path, **given: Any) -> tuple[Competition, Artifact]:
        options = {"metric": None, "description": None, "target": None, "seed": 0} | given
        return take_in(folder, name="made-up", store=store, **options)

    return run


@pytest.fixture
def numbers() -> Callable[..., pd.DataFrame]:
    """Rows with an `id` from `start` on and two inputs."""

    def make(rows: int, start: int = 0, **columns: Any) -> pd.DataFrame:
        rng = np.random.default_rng(start)
        frame = {"id": np.arange(start, start + rows), "x": rng.normal(size=rows), "y": rng.normal(size=rows)}
        return pd.DataFrame(frame | columns)

    return make
