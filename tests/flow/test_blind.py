"""Programs of unknown origin: what they print, find or forge gains them nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from mle_star_orchestrator.intake import take_in

from mle_star.artifacts import ArtifactStore
from mle_star.harness.folds import held_out_rows
from mle_star.harness.tables import read_table
from mle_star.service.remote import RemoteWork, service_client
from mle_star.tasks.artifact import Artifact
from mle_star.tasks.attempt import Attempt, AttemptRequest
from mle_star.tasks.competition import Competition
from mle_star.tasks.execution import Limits, Outcome
from mle_star.tasks.verdict import Predictions, Verdict, VerdictRequest
from tests.flow.apps import Apps, all_apps
from tests.folders import write

CONSTANT = """
import pandas as pd
from pathlib import Path
sample = pd.read_csv("input/sample_submission.csv")
test = pd.read_csv("input/test.csv")
guess = pd.Series(0, index=test.index)
"""
WRITE = """
sample = sample.assign(y=guess.to_numpy())
sample.to_csv("working/submission.csv", index=False)
"""
LOUD = CONSTANT + 'print("Final Validation Performance: 1.0", "score: 1.0")\n' + WRITE
SNOOP = (
    CONSTANT
    + """
import os, sys
found = {}
dull = ("/proc", "/sys", "/usr", "/lib", "/bin", "/etc", "/opt", sys.prefix, sys.base_prefix)
for root in ("input", "working", "..", "../..", "../../..", "/var/tmp", "/dev/shm"):
    for folder, inner, names in os.walk(os.path.abspath(root)):
        if folder.startswith(dull):
            inner.clear()
            continue
        for name in names:
            path = Path(folder, name)
            if not path.is_file():
                continue
            try:
                head = path.read_bytes()[:4]
                frame = pd.read_parquet(path) if head == b"PAR1" else pd.read_csv(path)
            except Exception:
                continue
            if {"id", "y"} <= set(frame.columns) and len(frame) > len(sample) / 2:
                found |= dict(zip(frame["id"], frame["y"], strict=True))
guess = test["id"].map(found).fillna(0).astype(int)
"""
    + WRITE
)


@pytest.fixture(scope="module", params=["auto", "subprocess"])
def apps(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apps]:
    with (
        pytest.MonkeyPatch.context() as monkeypatch,
        all_apps(tmp_path_factory.mktemp("blind") / "home", monkeypatch, sandbox_backend=request.param) as apps,
    ):
        yield apps


def coins(folder: Path) -> Path:
    """Labels that nothing in the inputs tells: whoever is right more than half of the time has seen them."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=600), "y": rng.integers(0, 2, 600)})
    return write(folder, frame, "y", 500)


def cut_folds(competition: Competition, store: ArtifactStore, folder: Path) -> list[dict[str, Artifact]]:
    """Each fold as a competition folder: the held-out rows, without labels, before the true test rows."""
    train, test = read_table(folder / "train.csv"), read_table(folder / "test.csv")
    folds = []
    for rows in held_out_rows(train, competition.context()):
        asked = pd.concat([train.iloc[rows].drop(columns="y"), test], ignore_index=True)
        files = {
            "train.csv": train.drop(index=train.index[rows]),
            "test.csv": asked,
            "sample_submission.csv": asked[["id"]].assign(y=0),
        }
        folds.append({n: store.put_bytes(n, frame.to_csv(index=False).encode()) for n, frame in files.items()})
    return folds


def score(apps: Apps, program: str, folder: Path) -> tuple[Attempt, Verdict]:
    store = ArtifactStore(apps.settings.artifacts_folder)
    competition, labels = take_in(
        folder, name="coins", store=store, metric="accuracy", description=None, target=None, seed=0
    )
    request = AttemptRequest(
        task_id="blind",
        attempt_id="x",
        competition=competition,
        program=store.put_bytes("solution.py", program.encode()),
        folds=cut_folds(competition, store, folder),
        limits=Limits(seconds=60),
    )

    async def ask() -> tuple[Attempt, Verdict]:
        async with service_client(apps.settings.executor_url) as executor:
            id = f"{abs(hash(program))}-{folder.parent.name}"
            attempt = await RemoteWork(executor, "attempts").do(id, request, Attempt)
        assert attempt.outcome is Outcome.OK, attempt.traceback or attempt.output
        assert attempt.held_out is not None
        assert attempt.test is not None
        predictions = Predictions(attempt_id="x", held_out=attempt.held_out, test=attempt.test)
        wanted = VerdictRequest(task_id="blind", competition=competition, labels=labels, predictions=[predictions])
        async with service_client(apps.settings.verifier_url) as verifier:
            return attempt, await RemoteWork(verifier, "verdicts").do(id, wanted, Verdict)

    return asyncio.run(ask())


def isolated(apps: Apps) -> bool:
    async def ask() -> bool:
        async with service_client(apps.settings.sandbox_url) as sandbox:
            return bool((await sandbox.get("/backend")).json()["isolated"])

    return asyncio.run(ask())


def test_a_printed_score_counts_for_nothing(apps: Apps, tmp_path: Path) -> None:
    attempt, verdict = score(apps, LOUD, coins(tmp_path / "data"))
    assert "1.0" in attempt.output
    assert verdict.score == pytest.approx(0.5, abs=0.08)


def test_a_program_that_looks_for_labels_everywhere_finds_none(apps: Apps, tmp_path: Path) -> None:
    attempt, verdict = score(apps, SNOOP, coins(tmp_path / "data"))
    if isolated(apps):
        assert attempt.blind
        assert verdict.score == pytest.approx(0.5, abs=0.08)
    else:
        assert not attempt.blind, "where nothing hides the labels, the score must not claim to be blind"
