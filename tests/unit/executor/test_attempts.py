"""Attempts: strategies and programs of unknown origin, in a sandbox without walls."""

from __future__ import annotations

import asyncio
import contextlib
import io
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fastapi.testclient import TestClient
from mle_star_executor.app import build_app
from mle_star_executor.attempt import Attempts

from mle_star.artifacts import ArtifactStore
from mle_star.config import Settings
from mle_star.harness.folds import held_out_rows
from mle_star.harness.tables import read_table
from mle_star.service.errors import BadInputError
from mle_star.tasks.artifact import Artifact
from mle_star.tasks.attempt import Attempt, AttemptRequest, Member, Solution, SolutionRequest
from mle_star.tasks.competition import Competition
from mle_star.tasks.execution import Execution, ExecutionRequest, Limits, Outcome
from mle_star.tasks.strategy import Strategy
from tests.fakes.made_competitions import make_competition
from tests.fakes.sandbox import FakeSandbox

PARQUET_PROGRAM = """
import pandas as pd
train, test = pd.read_csv("input/train.csv"), pd.read_csv("input/test.csv")
share = train.groupby("c")["y"].apply(lambda y: (y == "yes").mean())
p = test["c"].map(share).fillna(0.5)
pd.DataFrame({"y=no": 1 - p, "y=yes": p}).to_parquet("working/raw.parquet")
print("score 1.0")
"""
CSV_PROGRAM = """
import pandas as pd
test = pd.read_csv("input/test.csv")
answers = pd.DataFrame({"id": test["id"], "y": test["c"].map({"p": "yes", "q": "no"})})
answers.sample(frac=1, random_state=0).to_csv("working/submission.csv", index=False)
"""


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path / "store")


@pytest.fixture
def competition(tmp_path: Path, store: ArtifactStore) -> Competition:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"id": range(100, 190), "c": rng.choice(["p", "q"], 90)})
    frame["y"] = np.where((frame["c"] == "p") ^ (rng.random(90) < 0.1), "yes", "no")
    return make_competition(
        store, tmp_path, frame[:60], frame[60:].drop(columns="y"), ["y"], "accuracy", ids=("id",)
    )  # fmt: skip


def held_out(competition: Competition, folder: Path) -> list[np.ndarray]:
    return held_out_rows(read_table(folder / "train.csv"), competition.context())


def cut_folds(competition: Competition, folder: Path, store: ArtifactStore) -> list[dict[str, Artifact]]:
    """What the orchestrator cuts: each fold a competition folder of the same shape."""
    train, test = read_table(folder / "train.csv"), read_table(folder / "test.csv")
    folds = []
    for rows in held_out(competition, folder):
        parts = {
            "train.csv": train.drop(index=rows),
            "test.csv": pd.concat([train.iloc[rows].drop(columns="y"), test]),
            "sample_submission.csv": pd.concat([train.iloc[rows], test])[["id"]].assign(y="no"),
        }
        folds.append({name: store.put_bytes(name, part.to_csv(index=False).encode()) for name, part in parts.items()})
    return folds


def program_request(competition: Competition, folder: Path, store: ArtifactStore, source: str) -> AttemptRequest:
    return AttemptRequest(
        task_id="t",
        attempt_id="a",
        competition=competition,
        program=store.put_bytes("solution.py", source.encode()),
        folds=cut_folds(competition, folder, store),
    )


def strategy_request(competition: Competition, **strategy: Any) -> AttemptRequest:
    strategy = {"title": "some", "recipe": "baseline", **strategy}
    return AttemptRequest(
        task_id="t", attempt_id="a", competition=competition, strategy=Strategy(**strategy), limits=Limits(seconds=40)
    )


def parquet(store: ArtifactStore, artifact: Artifact | None) -> pd.DataFrame:
    assert artifact is not None
    return pd.read_parquet(io.BytesIO(store.read(artifact)))


async def test_a_strategy_runs_all_its_folds_in_one_box(
    competition: Competition, store: ArtifactStore, tmp_path: Path
) -> None:
    sandbox = FakeSandbox(store, tmp_path / "boxes")
    attempt = await Attempts(store, sandbox.execute).run("w", strategy_request(competition))
    assert attempt.outcome is Outcome.OK, attempt.output
    assert attempt.blind
    (request,) = sandbox.requests.values()
    assert set(request.files) == {"train.csv", "test.csv", "sample_submission.csv"}
    rows = held_out(competition, tmp_path)
    frame = parquet(store, attempt.held_out)
    assert list(frame.columns) == ["row", "fold", "y=no", "y=yes"]
    assert frame["row"].tolist() == np.concatenate(rows).tolist()
    assert frame["fold"].tolist() == np.repeat([0, 1, 2], 20).tolist()
    test = parquet(store, attempt.test)
    assert list(test.columns) == ["y=no", "y=yes"]
    assert len(test) == 30
    assert b"# %% main" in store.read(attempt.program)


@pytest.mark.parametrize(("seconds", "planned"), [(None, "30.0"), (7, "7.0"), (1000, "30.0")])
async def test_settling_plans_with_the_seconds_asked_for_and_never_with_all_of_the_limit(
    seconds: float | None, planned: str, competition: Competition, store: ArtifactStore, tmp_path: Path
) -> None:
    sandbox = FakeSandbox(store, tmp_path / "boxes", outcomes={"w": Outcome.TIMEOUT})
    request = strategy_request(competition).model_copy(update={"seconds": seconds})
    await Attempts(store, sandbox.execute).run("w", request)
    assert sandbox.requests["w"].arguments == ["--keep-folds", "--seconds", planned]


async def test_what_a_strategy_settled_is_told_and_frozen_in_the_solution(
    competition: Competition, store: ArtifactStore, tmp_path: Path
) -> None:
    attempts = Attempts(store, FakeSandbox(store, tmp_path / "boxes").execute)
    attempt = await attempts.run("w", strategy_request(competition, recipe="linear"))
    assert attempt.outcome is Outcome.OK, attempt.output
    strength = attempt.settled["y"]["strength"]
    member = Member(strategy=Strategy(title="some", recipe="linear"), settled=attempt.settled)
    solution = await attempts.solve("s", SolutionRequest(task_id="t", competition=competition, members=[member]))
    assert f"{{'y': {{'strength': {strength}}}}}".encode() in store.read(solution.program)


async def test_programs_are_rendered_one_at_a_time(
    competition: Competition, store: ArtifactStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = threading.Barrier(2)
    met = []

    def render(*_: object) -> str:
        with contextlib.suppress(threading.BrokenBarrierError):
            met.append(together.wait(timeout=0.3))
        return "pass"

    monkeypatch.setattr("mle_star_executor.attempt.render_solution", render)
    attempts = Attempts(store, FakeSandbox(store, tmp_path / "boxes").execute)
    wanted = SolutionRequest(
        task_id="t", competition=competition, members=[Member(strategy=Strategy(title="", recipe="baseline"))]
    )
    await asyncio.gather(attempts.solve("a", wanted), attempts.solve("b", wanted))
    assert not met


async def test_a_strategy_that_is_not_in_the_catalogue_is_bad_input(
    competition: Competition, store: ArtifactStore, tmp_path: Path
) -> None:
    attempts = Attempts(store, FakeSandbox(store, tmp_path / "boxes").execute)
    with pytest.raises(BadInputError, match="alchemy"):
        await attempts.run("w", strategy_request(competition, recipe="alchemy"))


@pytest.mark.parametrize("outcome", [Outcome.TIMEOUT, Outcome.OUT_OF_MEMORY, Outcome.ERROR])
async def test_a_failed_box_is_the_outcome_of_the_attempt(
    outcome: Outcome, competition: Competition, store: ArtifactStore, tmp_path: Path
) -> None:
    sandbox = FakeSandbox(store, tmp_path / "boxes", outcomes={"w": outcome}, isolated=False)
    attempt = await Attempts(store, sandbox.execute).run("w", strategy_request(competition))
    assert attempt.outcome is outcome
    assert attempt.held_out is None
    assert not attempt.blind


@pytest.mark.parametrize("source", [PARQUET_PROGRAM, CSV_PROGRAM])
async def test_a_program_is_given_one_fold_a_box_and_its_held_out_part_is_cut_out(
    source: str, competition: Competition, store: ArtifactStore, tmp_path: Path
) -> None:
    sandbox = FakeSandbox(store, tmp_path / "boxes")
    request = program_request(competition, tmp_path, store, source)
    attempt = await Attempts(store, sandbox.execute).run("w", request)
    assert attempt.outcome is Outcome.OK, attempt.traceback
    assert attempt.program == request.program
    assert {id: asked.files for id, asked in sandbox.requests.items()} == {
        f"w-fold{fold}": files for fold, files in enumerate(request.folds)
    }
    train, frame = read_table(tmp_path / "train.csv"), parquet(store, attempt.held_out)
    assert frame["row"].tolist() == np.concatenate(held_out(competition, tmp_path)).tolist()
    liked = train["c"].iloc[frame["row"]].to_numpy() == "p"
    assert (frame["y=yes"].to_numpy() > 0.5).tolist() == liked.tolist()
    test = read_table(tmp_path / "test.csv")
    answered = parquet(store, attempt.test)
    assert (answered["y=yes"] > 0.5).tolist() == (test["c"] == "p").tolist()
    if source is PARQUET_PROGRAM:
        shares = []
        for rows in held_out(competition, tmp_path):
            fitted = train.drop(index=rows)
            shares.append((fitted.loc[fitted["c"] == "p", "y"] == "yes").mean())
        assert answered["y=yes"][(test["c"] == "p").to_numpy()].unique() == pytest.approx(np.mean(shares))


async def test_a_program_that_fails_in_one_fold_fails(
    competition: Competition, store: ArtifactStore, tmp_path: Path
) -> None:
    request = program_request(competition, tmp_path, store, PARQUET_PROGRAM)
    sandbox = FakeSandbox(store, tmp_path / "boxes", outcomes={"w-fold2": Outcome.TIMEOUT})
    attempt = await Attempts(store, sandbox.execute).run("w", request)
    assert attempt.outcome is Outcome.TIMEOUT
    assert attempt.held_out is None
    first = FakeSandbox(store, tmp_path / "others", outcomes={"w-fold0": Outcome.OUT_OF_MEMORY})
    attempt = await Attempts(store, first.execute).run("w", request)
    assert attempt.outcome is Outcome.OUT_OF_MEMORY
    assert list(first.requests) == ["w-fold0"]


WRITE = "import pandas as pd, numpy as np\nn = len(pd.read_csv('input/test.csv'))\n"
RAW = "working/raw.parquet"
HOSTILE = {
    "nothing": ("print('score 1.0')", "left neither working/raw.parquet nor working/submission.csv"),
    "no parquet": (f"open('{RAW}', 'wb', 0).write(b'PAR1' + b'x' * 99 + b'PAR1')", "cannot be read as parquet"),
    "empty": (f"open('{RAW}', 'wb').close()", "cannot be read as parquet"),
    "too long": (WRITE + f"pd.DataFrame({{'y=no': [0.0] * 999, 'y=yes': 1.0}}).to_parquet('{RAW}')", "999 rows"),
    "no column": (WRITE + f"pd.DataFrame({{'y=no': [0.0] * n}}).to_parquet('{RAW}')", "0 columns 'y=yes'"),
    "text": (WRITE + f"pd.DataFrame({{'y=no': ['a'] * n, 'y=yes': 1.0}}).to_parquet('{RAW}')", "must be a column of"),
    "nested": (WRITE + f"pd.DataFrame({{'y=no': [[1.0]] * n, 'y=yes': 1.0}}).to_parquet('{RAW}')", "must be a column"),
    "missing": (WRITE + f"pd.DataFrame({{'y=no': [np.nan] * n, 'y=yes': np.inf}}).to_parquet('{RAW}')", "infinite"),
    "huge": (f"open('{RAW}', 'wb', 0).write(b'0' * 9_000_000)", "are more than enough"),
    "dense": (
        WRITE + "import random\n"
        "pd.DataFrame({'y=no': 0.5, 'y=yes': 0.5, 'z': [str(i) + 'z' * 400_000 for i in range(n)]})"
        f".to_parquet('{RAW}', compression='gzip')",
        "unpacks to more than",
    ),
    "labels": (WRITE + "pd.read_csv('input/sample_submission.csv').assign(y='maybe').to_csv('working/submission.csv')",
               "answers 'maybe'"),
    "rows": (WRITE + "pd.read_csv('input/sample_submission.csv')[:-1].to_csv('working/submission.csv')", "has no row"),
    "twice": (WRITE + "f = pd.read_csv('input/sample_submission.csv')\n"
              "pd.concat([f, f]).to_csv('working/submission.csv')", "twice"),
    "columns": ("open('working/submission.csv', 'wb', 0).write(b'a,b')", "has no column 'id'"),
    "bytes": ("open('working/submission.csv', 'wb', 0).write(bytes(range(256)) * 9)", "submission.csv"),
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE)
async def test_what_cannot_be_used_is_an_error_that_says_why(
    what: str, competition: Competition, store: ArtifactStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, said = HOSTILE[what]

    async def execute(_: str, id: str, request: ExecutionRequest) -> Execution:
        """As the sandbox would, but in this process: the programs are ours, and it is quick."""
        for folder in ("input", "working"):
            (tmp_path / id / folder).mkdir(parents=True)
        for name, artifact in request.files.items():
            store.copy(artifact, tmp_path / id / "input" / name)
        monkeypatch.chdir(tmp_path / id)
        exec(source, {})
        left = {path.name: store.put_file(path) for path in Path("working").iterdir() if path.name in request.collect}
        return Execution(outcome=Outcome.OK, seconds=1, files=left, backend="fake", isolated=True)

    request = program_request(competition, tmp_path, store, source)
    attempt = await Attempts(store, execute).run("w", request)
    assert attempt.outcome is Outcome.ERROR, attempt
    assert attempt.traceback is not None
    assert said in attempt.traceback
    assert attempt.traceback.startswith("UnusablePredictionsError: fold 0: ")
    assert attempt.held_out is None


async def test_folds_of_another_competition_are_bad_input(
    competition: Competition, store: ArtifactStore, tmp_path: Path
) -> None:
    request = program_request(competition, tmp_path, store, PARQUET_PROGRAM)
    fewer = request.model_copy(update={"folds": request.folds[:2]})
    attempts = Attempts(store, FakeSandbox(store, tmp_path / "boxes").execute)
    with pytest.raises(BadInputError, match="2 folds"):
        await attempts.run("w", fewer)


async def test_an_artifact_that_is_gone_is_bad_input(
    competition: Competition, store: ArtifactStore, tmp_path: Path
) -> None:
    gone = Artifact(name="train.csv", digest="0" * 64, size=1)
    lost = competition.model_copy(update={"artifacts": {**competition.artifacts, "train.csv": gone}})
    attempts = Attempts(store, FakeSandbox(store, tmp_path / "boxes").execute)
    with pytest.raises(BadInputError, match=r"has no train\.csv"):
        await attempts.run("w", strategy_request(lost))


def poll(client: TestClient, path: str) -> dict[str, Any]:
    ends = time.monotonic() + 60
    while (view := client.get(path, params={"wait": 5}).json())["state"] == "running" and time.monotonic() < ends:
        pass
    return dict(view)


@pytest.fixture
def service(store: ArtifactStore, tmp_path: Path) -> Callable[[], TestClient]:
    settings = Settings(home=tmp_path, artifacts=store.folder)
    return lambda: TestClient(build_app(settings, FakeSandbox(store, tmp_path / "boxes").execute))


def test_the_service_answers_attempts_and_solutions(
    competition: Competition, service: Callable[[], TestClient]
) -> None:
    asked = strategy_request(competition)
    with service() as client:
        assert client.put("/attempts/a1", json=asked.model_dump(mode="json")).status_code == 202
        attempt = Attempt.model_validate(poll(client, "/attempts/a1")["result"])
        assert attempt.outcome is Outcome.OK
        assert asked.strategy is not None
        wanted = SolutionRequest(task_id="t", competition=competition, members=[Member(strategy=asked.strategy)])
        client.put("/solutions/s1", json=wanted.model_dump(mode="json"))
        solution = Solution.model_validate(poll(client, "/solutions/s1")["result"])
        assert solution.program == attempt.program


def test_a_request_with_both_or_neither_is_refused(competition: Competition, service: Callable[[], TestClient]) -> None:
    asked = strategy_request(competition).model_dump(mode="json") | {"strategy": None}
    with service() as client:
        answer = client.put("/attempts/a1", json=asked)
    assert answer.status_code == 422
    assert "either a strategy or a program" in answer.json()["detail"]


def test_it_is_not_ready_without_a_sandbox(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, sandbox_url=f"unix:{tmp_path}/none.sock")
    with TestClient(build_app(settings)) as client:
        answer = client.get("/readyz")
        assert answer.status_code == 503
        assert "it does not answer" in answer.json()["dependencies"]["sandbox"]
        assert client.get("/livez").status_code == 200
