"""The orchestrator's API as its users meet it: the routes against OpenAPI, the client, and bad input."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pandas as pd
import pytest

from mle_star.api import errors
from mle_star.api.client import MLEStarClient
from mle_star.tasks.task import Status, TaskRequest
from tests.contract.conftest import Services
from tests.contract.documented import problem_of
from tests.flow.apps import Apps
from tests.folders import breast_cancer

Result = TypeVar("Result")


def with_client(apps: Apps, do: Callable[[MLEStarClient], Coroutine[Any, Any, Result]]) -> Result:
    """What `do` returns, given the real client on the real app."""
    settings = apps.settings.model_copy(update={"url": "http://orchestrator"})

    async def run() -> Result:
        transport = httpx.ASGITransport(apps.client.app)
        async with MLEStarClient(settings, transport=transport) as client:
            return await do(client)

    return apps.meanwhile(lambda: asyncio.run(run()))


@pytest.fixture(scope="module")
def competition(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return breast_cancer(tmp_path_factory.mktemp("data") / "breast-cancer", rows=100)


@pytest.fixture(scope="module")
def result(apps: Apps, competition: Path) -> dict[str, Any]:
    """A whole task by the client."""
    return with_client(
        apps,
        lambda client: client.execute_kaggle_competition(
            "breast-cancer", competition, "accuracy", minutes=0.1, strategies=1, iterations=0
        ),
    )


def test_the_client_runs_a_task_to_its_end(result: dict[str, Any], competition: Path) -> None:
    assert result["status"] == "success"
    assert result["error"] is None
    verification = result["result"]["verification"]
    assert verification["score"] > 0.5
    assert (verification["metric"], verification["direction"], verification["verified"]) == ("accuracy", "higher", True)
    submission = pd.read_csv(result["result"]["submission"])
    assert list(submission["id"]) == list(pd.read_csv(competition / "sample_submission.csv")["id"])
    assert json.loads(Path(result["result"]["report"]).read_bytes())["best"]["score"] == verification["score"]
    compile(Path(result["result"]["solution"]).read_bytes(), "solution.py", "exec")


def test_every_route_answers_as_documented(result: dict[str, Any], services: Services) -> None:
    api, id = services["orchestrator"], result["task_id"]
    task = api.ask("GET", f"/tasks/{id}").json()
    assert task["status"] == "succeeded"
    assert api.ask("GET", task["links"]["self"]).json()["id"] == id
    assert id in {one["id"] for one in api.ask("GET", "/tasks").json()["tasks"]}
    assert id in {one["id"] for one in api.ask("GET", "/tasks", params={"status": "succeeded"}).json()["tasks"]}
    assert api.ask("GET", "/tasks", params={"status": "failed"}).json() == {"tasks": []}
    for artifact in api.ask("GET", task["links"]["artifacts"]).json()["artifacts"]:
        content = api.ask("GET", artifact["link"])
        assert len(content.content) == artifact["size"]
    assert api.ask("DELETE", f"/tasks/{id}").json() == api.ask("GET", f"/tasks/{id}").json() == task


def test_every_documented_operation_is_asked_here(services: Services) -> None:
    """A new route needs a test: the ones that these tests know."""
    known = {("get", "/livez"), ("get", "/readyz"), ("get", "/metrics"), ("post", "/tasks"), ("get", "/tasks")}
    known |= {("get", "/tasks/{id}"), ("delete", "/tasks/{id}")}
    known |= {("get", "/tasks/{id}/artifacts"), ("get", "/tasks/{id}/artifacts/{name}")}
    paths = services["orchestrator"].openapi["paths"]
    assert {(method, path) for path, operations in paths.items() for method in operations} == known


@pytest.mark.parametrize("name", ["other.txt", "..", "..%2F..%2Fetc%2Fpasswd", "%00", "submission.csv%00", "é"])
def test_an_artifact_that_there_is_not(name: str, result: dict[str, Any], services: Services) -> None:
    answer = services["orchestrator"].ask("GET", f"/tasks/{result['task_id']}/artifacts/{name}")
    assert answer.status_code in {200, 404}
    assert (answer.status_code == 200) == (name == ".."), "what httpx makes of '..' is the task"


def test_a_lost_artifact_says_so(result: dict[str, Any], apps: Apps, services: Services) -> None:
    listed = services["orchestrator"].ask("GET", f"/tasks/{result['task_id']}/artifacts").json()["artifacts"]
    digest = next(one["digest"] for one in listed if one["name"] == "solution.py")
    stored = apps.settings.artifacts_folder / digest[:2] / digest
    hidden = stored.rename(stored.with_suffix(".away"))
    try:
        answer = services["orchestrator"].ask("GET", f"/tasks/{result['task_id']}/artifacts/solution.py")
    finally:
        hidden.rename(stored)
    assert problem_of(answer).code == "artifact_missing"


def test_the_client_lists_cancels_and_waits(apps: Apps, competition: Path) -> None:
    request = TaskRequest(competition="cancelled", data_dir=str(competition), minutes=5)

    async def do(client: MLEStarClient) -> list[Status]:
        submitted = await client.submit(request)
        cancelled = await client.cancel(submitted.id)
        waited = await client.wait(submitted.id)
        assert submitted.id in {task.id for task in await client.tasks()}
        assert submitted.id not in {task.id for task in await client.tasks(Status.RUNNING)}
        return [submitted.status, cancelled.status, waited.status]

    assert with_client(apps, do) == [Status.RUNNING, Status.CANCELLED, Status.CANCELLED]


def test_the_clients_errors_have_types(apps: Apps, competition: Path, tmp_path: Path) -> None:
    async def unknown_task(client: MLEStarClient) -> Any:
        return await client.status("no-such-task")

    async def unknown_artifact(client: MLEStarClient) -> Any:
        return await client.download((await client.tasks())[0].id, "nothing.txt", tmp_path / "nothing.txt")

    async def bad_metric(client: MLEStarClient) -> Any:
        return await client.execute_kaggle_competition("x", competition, "happiness", minutes=0.2)

    with pytest.raises(errors.NotFoundError, match="no-such-task"):
        with_client(apps, unknown_task)
    with pytest.raises(errors.NotFoundError, match=r"nothing\.txt"):
        with_client(apps, unknown_artifact)
    assert not (tmp_path / "nothing.txt").exists()
    with pytest.raises(errors.BadInputError, match="happiness"):
        with_client(apps, bad_metric)


def change(name: str, content: bytes) -> Callable[[Path], dict[str, Any]]:
    def do(folder: Path) -> dict[str, Any]:
        (folder / name).write_bytes(content)
        return {}

    return do


def remove(*names: str) -> Callable[[Path], dict[str, Any]]:
    def do(folder: Path) -> dict[str, Any]:
        for name in names:
            (folder / name).unlink()
        return {}

    return do


def asking(**body: Any) -> Callable[[Path], dict[str, Any]]:
    return lambda _: body


def one_class(folder: Path) -> dict[str, Any]:
    pd.read_csv(folder / "train.csv").assign(benign=1).to_csv(folder / "train.csv", index=False)
    return {}


def a_file(folder: Path) -> dict[str, Any]:
    return {"data_dir": str(folder / "train.csv")}


FILES = ("train.csv", "test.csv", "sample_submission.csv")
BAD = {
    "a missing folder": (asking(data_dir="/nowhere/at/all"), "/nowhere/at/all"),
    "a file as the folder": (a_file, "train.csv"),
    "a relative folder": (asking(data_dir="data"), "absolute"),
    "an empty name of a folder": (asking(data_dir=""), "data_dir"),
    "a null in the folder": (asking(data_dir="/tmp/\0"), "data_dir"),
    "a line break in the folder": (asking(data_dir="/tmp/a\nb"), "data_dir"),
    "a folder of nobody": (asking(data_dir="~nobody-at-all/x"), "data_dir"),
    "a folder with a long name": (asking(data_dir="/" + "a" * 1000), "data_dir"),
    "a folder with a very long name": (asking(data_dir="/a" * 50_000), "data_dir"),
    "an empty folder": (remove(*FILES), "no files"),
    "no test file": (remove("test.csv"), "no test file"),
    "a broken CSV": (change("train.csv", b"id,x\n1,2\n1,2,3\n"), "line 3"),
    "an unknown metric": (asking(metric="happiness"), "happiness"),
    "a target that does not exist": (asking(target="malign"), "malign"),
    "a name that leads out": (asking(competition="../etc"), "letters, digits"),
    "zero rows": (change("train.csv", b"id,x,benign\n"), "no rows"),
    "one class only": (one_class, "in every training row"),
    "another type under .csv": (change("train.csv", b"PK\x03\x04 whatever"), "zip"),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_input_is_one_clear_line(what: str, apps: Apps, services: Services, tmp_path: Path) -> None:
    spoil, says = BAD[what]
    folder = breast_cancer(tmp_path / "data", rows=60)
    body = {"competition": "bad", "data_dir": str(folder), "minutes": 0.2, **spoil(folder)}
    problem = problem_of(apps.meanwhile(lambda: services["orchestrator"].ask("POST", "/tasks", json=body)))
    assert (problem.status, problem.code, problem.retry) == (422, "bad_input", False)
    assert says in problem.detail
    assert len(problem.detail) < 1000
    assert apps.store.running() == []
    assert services["orchestrator"].ask("GET", "/readyz").status_code == 200
