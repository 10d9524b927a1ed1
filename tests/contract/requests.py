"""A request of each kind that a service takes, as its callers make it."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
from pydantic import BaseModel

from mle_star.artifacts import ArtifactStore
from mle_star.tasks.attempt import AttemptRequest, Member, SolutionRequest
from mle_star.tasks.competition import Competition
from mle_star.tasks.execution import ExecutionRequest, Limits
from mle_star.tasks.strategy import PlanRequest, Strategy
from mle_star.tasks.verdict import Predictions, VerdictRequest
from tests.fakes.made_competitions import make_competition

BASELINE = Strategy(title="The commonest answer", recipe="baseline")
WORK = {
    "plans": "planner_gateway",
    "attempts": "executor",
    "solutions": "executor",
    "verdicts": "verifier",
    "executions": "sandbox",
}
"""Each kind of work, and the service that does it."""


def requests(store: ArtifactStore, folder: Path) -> dict[str, BaseModel]:
    """One for each kind of work; the predictions that are to be judged are right about nine rows in ten."""
    rng = np.random.default_rng(0)
    train = pd.DataFrame({"id": range(60), "x": rng.normal(size=60), "y": [0, 1] * 30})
    test = pd.DataFrame({"id": range(60, 80), "x": rng.normal(size=20)})
    competition = make_competition(store, folder, train, test, ["y"], "accuracy", ids=("id",))
    program = store.put_bytes("solution.py", b"import os\nopen('working/n', 'wb').write(os.urandom(8))\n")
    common = {"task_id": "contract", "competition": competition}
    limits = Limits(seconds=60)
    return {
        "plans": PlanRequest(**common),
        "attempts": AttemptRequest(**common, attempt_id="baseline", strategy=BASELINE, limits=limits),
        "solutions": SolutionRequest(**common, members=[Member(strategy=BASELINE)]),
        "verdicts": _verdict(store, competition, train["y"].to_numpy()),
        "executions": ExecutionRequest(program=program, collect=["n"], limits=limits),
    }


def _verdict(store: ArtifactStore, competition: Competition, y: np.ndarray) -> VerdictRequest:
    rows = np.arange(len(y))
    wrong = rows % 10 == 0
    raw = _raw(np.where(wrong, 1 - y, y))
    held_out = pd.concat([pd.DataFrame({"row": rows, "fold": rows % 3}), raw], axis=1)
    labels = pd.DataFrame({"row": rows, "y": y})
    return VerdictRequest(
        task_id="contract",
        competition=competition,
        labels=store.put_bytes("labels.parquet", _parquet(labels)),
        predictions=[
            Predictions(
                attempt_id="s1",
                held_out=store.put_bytes("held_out.parquet", _parquet(held_out)),
                test=store.put_bytes("test.parquet", _parquet(_raw(rows[:20] % 2))),
            )
        ],
    )


def _raw(ones: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"y=0": 1.0 - ones, "y=1": ones.astype(float)})


def _parquet(frame: pd.DataFrame) -> bytes:
    file = io.BytesIO()
    frame.to_parquet(file, index=False)
    return file.getvalue()
