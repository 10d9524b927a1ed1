"""/livez, /readyz and /metrics of every service."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import mle_star_executor.app
import mle_star_orchestrator.app
import mle_star_sandbox.app
import mle_star_verifier.app
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from mle_star.config import Settings
from mle_star.service.app import create_app
from tests.contract.conftest import Services
from tests.contract.documented import Documented
from tests.flow.apps import INNER

NAMES = ["orchestrator", *INNER]


@pytest.mark.parametrize("name", NAMES)
def test_it_is_alive_and_ready(name: str, services: Services) -> None:
    assert services[name].ask("GET", "/livez").json() == {"status": "ok"}
    ready = services[name].ask("GET", "/readyz")
    assert ready.status_code == 200
    assert ready.json()["status"] in {"ok", "degraded"}


@pytest.mark.parametrize("name", NAMES)
def test_its_metrics_can_be_read_and_name_no_task(name: str, services: Services) -> None:
    for path in ("/tasks/titanic-0123abcd", "/plans/0123abcd", "/nowhere/0123abcd"):
        services[name].ask("GET", path, headers={"x-task-id": "titanic-0123abcd"})
    answer = services[name].ask("GET", "/metrics")
    families = {family.name: family for family in text_string_to_metric_families(answer.text)}
    counted = [sample for sample in families["mle_star_http_requests"].samples if sample.value]
    assert any(sample.labels["route"] == "unknown" for sample in counted)
    assert "mle_star_http_request_seconds" in families
    for family in families.values():
        for sample in family.samples:
            assert "0123abcd" not in "".join(sample.labels.values()), sample


def without_redis(home: Path) -> FastAPI:
    return mle_star_orchestrator.app.build_app(Settings(home=home, redis_url=f"unix://{home}/none.sock"))


def without_planner(home: Path) -> FastAPI:
    return mle_star_orchestrator.app.build_app(Settings(home=home, planner_gateway_url=f"unix:{home}/none.sock"))


def without_sandbox(home: Path) -> FastAPI:
    return mle_star_executor.app.build_app(Settings(home=home, sandbox_url=f"unix:{home}/none.sock"))


def without_artifacts(home: Path) -> FastAPI:
    app = mle_star_verifier.app.build_app(Settings(home=home))
    (home / "artifacts").rmdir()
    return app


def without_bubblewrap(home: Path) -> FastAPI:
    return mle_star_sandbox.app.build_app(Settings(home=home, sandbox_backend="bubblewrap"))


@pytest.mark.parametrize(
    ("build", "missing"),
    [
        (without_redis, "redis"),
        (without_planner, "planner_gateway"),
        (without_sandbox, "sandbox"),
        (without_artifacts, "artifacts"),
        (without_bubblewrap, "backend"),
    ],
)
def test_what_it_cannot_do_without_is_named(
    build: Callable[[Path], FastAPI], missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))  # where no bwrap lies
    with TestClient(build(tmp_path)) as client:
        answer = Documented(client).ask("GET", "/readyz")
        assert client.get("/livez").status_code == 200
    assert answer.status_code == 503
    assert answer.json()["status"] == "unavailable"
    assert answer.json()["dependencies"][missing] not in {"", "ok"}


def test_what_it_would_rather_have_is_degraded_and_no_error(tmp_path: Path) -> None:
    app = mle_star_sandbox.app.build_app(Settings(home=tmp_path, sandbox_backend="subprocess"))
    with TestClient(app) as client:
        answer = Documented(client).ask("GET", "/readyz")
        backend = Documented(client).ask("GET", "/backend").json()
    assert answer.status_code == 200
    assert answer.json()["status"] == "degraded"
    assert re.search("not isolated", answer.json()["dependencies"]["isolation"])
    assert backend["name"] == "subprocess"
    assert not backend["isolated"]


def test_a_need_that_fails_outweighs_a_wish(tmp_path: Path) -> None:
    async def away() -> str:
        return "gone: bring it back"

    with TestClient(create_app("any", needs={"need": away}, likes={"wish": away})) as client:
        answer = Documented(client).ask("GET", "/readyz")
    assert answer.status_code == 503
    assert answer.json()["dependencies"] == {"need": "gone: bring it back", "wish": "gone: bring it back"}
