"""Each kind of work at the inner services: put, joined, polled, forgotten, as their callers rely on."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from mle_star_orchestrator.services import connect_services
from pydantic import BaseModel

from mle_star.artifacts import ArtifactStore
from mle_star.service.remote import RemoteError, RemoteWork, service_client
from mle_star.tasks.attempt import Attempt, Solution
from mle_star.tasks.execution import Execution, Outcome
from mle_star.tasks.strategy import Plan
from mle_star.tasks.verdict import Verdict
from tests.contract.conftest import Services
from tests.contract.documented import problem_of
from tests.contract.requests import WORK, requests
from tests.flow.apps import Apps

Bodies = dict[str, BaseModel]
MAGIC = {"title": "", "recipe": "magic"}


@pytest.fixture(scope="module")
def bodies(apps: Apps, tmp_path_factory: pytest.TempPathFactory) -> Bodies:
    folder = tmp_path_factory.mktemp("made")
    return requests(ArtifactStore(apps.settings.artifacts_folder), folder)


def put(services: Services, kind: str, id: str, body: BaseModel) -> dict[str, Any]:
    answer = services[WORK[kind]].ask("PUT", f"/{kind}/{id}", json=body.model_dump(mode="json"))
    assert (answer.status_code, answer.headers["location"]) == (202, f"/{kind}/{id}"), answer.text
    view: dict[str, Any] = answer.json()
    return view


def ended(services: Services, kind: str, id: str) -> dict[str, Any]:
    while True:
        answer = services[WORK[kind]].ask("GET", f"/{kind}/{id}", params={"wait": 20})
        assert answer.status_code == 200
        view: dict[str, Any] = answer.json()
        if view["state"] != "running":
            return view


@pytest.mark.parametrize("kind", WORK)
def test_work_that_is_put_twice_is_done_once(kind: str, services: Services, bodies: Bodies) -> None:
    first = put(services, kind, "twice", bodies[kind])
    second = put(services, kind, "twice", bodies[kind])
    done = ended(services, kind, "twice")
    assert {first["id"], second["id"]} == {"twice"}
    assert done["state"] == "done", done
    assert done["error"] is None
    assert put(services, kind, "twice", bodies[kind]) == done, "what is done is not done again"


@pytest.mark.parametrize("kind", WORK)
def test_work_that_nobody_put_is_not_found_and_can_be_cancelled(kind: str, services: Services) -> None:
    service = services[WORK[kind]]
    assert problem_of(service.ask("GET", f"/{kind}/unknown")).code == "not_found"
    assert service.ask("DELETE", f"/{kind}/unknown").status_code == 204


@pytest.mark.parametrize("kind", WORK)
def test_cancelled_work_is_forgotten(kind: str, services: Services, bodies: Bodies) -> None:
    put(services, kind, "cancelled", bodies[kind])
    assert services[WORK[kind]].ask("DELETE", f"/{kind}/cancelled").status_code == 204
    assert services[WORK[kind]].ask("GET", f"/{kind}/cancelled").status_code == 404


def test_the_orchestrator_gets_from_each_service_what_it_asks_for(apps: Apps, bodies: Bodies) -> None:
    async def ask() -> tuple[Plan, Attempt, Verdict, Solution]:
        async with connect_services(apps.settings, "contract") as services:
            return (
                await services.plan(bodies["plans"], Plan),
                await services.attempt(bodies["attempts"], Attempt),
                await services.verdict(bodies["verdicts"], Verdict),
                await services.solution(bodies["solutions"], Solution),
            )

    plan, attempt, verdict, solution = asyncio.run(ask())
    store = ArtifactStore(apps.settings.artifacts_folder)
    assert len(plan.strategies) == 3
    assert attempt.outcome is Outcome.OK, attempt.traceback
    compile(store.read(attempt.program), "solution.py", "exec")
    assert verdict.score == pytest.approx(0.9)
    assert verdict.submission is not None
    assert store.read(verdict.submission).startswith(b"id,y\n60,0\n61,1\n")
    compile(store.read(solution.program), "solution.py", "exec")


def test_the_executor_gets_from_the_sandbox_what_it_asks_for(apps: Apps, bodies: Bodies) -> None:
    async def ask() -> Execution:
        async with service_client(apps.settings.sandbox_url, "contract") as client:
            return await RemoteWork(client, "executions").do("once", bodies["executions"], Execution)

    execution = asyncio.run(ask())
    assert (execution.outcome, execution.exit_code) == (Outcome.OK, 0), execution.output
    assert execution.files["n"].size == 8


@pytest.mark.parametrize(
    ("kind", "change", "code", "says"),
    [
        (
            "plans",
            {"tried": [{"id": "a", "strategy": {"title": "", "recipe": "magic"}, "outcome": "ok"}]},
            422,
            "magic",
        ),
        ("attempts", {"strategy": {"title": "", "recipe": "magic"}}, 422, "magic"),
        ("solutions", {"members": [{"strategy": {"title": "", "recipe": "magic"}}]}, 422, "magic"),
        ("executions", {"collect": ["../../etc/passwd"]}, 422, "etc/passwd"),
        ("executions", {"files": {"/etc/passwd": None}}, 422, "etc/passwd"),
        ("verdicts", {"labels": {"name": "labels.parquet", "digest": "0" * 64, "size": 1}}, 404, "labels.parquet"),
    ],
)
def test_a_request_that_cannot_be_done_is_refused_with_a_reason(
    kind: str, change: dict[str, Any], code: int, says: str, apps: Apps, services: Services, bodies: Bodies
) -> None:
    body = bodies[kind].model_dump(mode="json")
    if change.get("files"):
        change = {"files": dict.fromkeys(change["files"], body["program"])}
    request = type(bodies[kind]).model_validate({**body, **change})

    async def ask() -> None:
        async with service_client(getattr(apps.settings, f"{WORK[kind]}_url")) as client:
            await RemoteWork(client, kind).do(f"bad-{says.replace('/', '-')}", request, BaseModel)

    with pytest.raises(RemoteError, match=says) as refused:
        asyncio.run(ask())
    problem = refused.value.problem()
    assert problem.status == code
    assert not problem.retry
    assert "this is a bug" not in problem.detail
