from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import httpx
import pytest
from mle_star_sandbox.app import build_app
from mle_star_sandbox.backends.bubblewrap import Bubblewrap

from mle_star.artifacts import ArtifactStore
from mle_star.config import Settings
from mle_star.service.remote import RemoteError, RemoteWork
from mle_star.tasks.artifact import Artifact
from mle_star.tasks.execution import Execution, ExecutionRequest, Outcome

Serve = Callable[[str], AbstractAsyncContextManager[httpx.AsyncClient]]


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path / "artifacts")


@pytest.fixture(autouse=True)
def cold(monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs that import nothing need not wait until everything is."""
    monkeypatch.setattr(Bubblewrap, "warm_up", lambda _: None)


@pytest.fixture
def serve(tmp_path: Path) -> Serve:
    @asynccontextmanager
    async def serve(backend: str) -> AsyncIterator[httpx.AsyncClient]:
        app = build_app(Settings(home=tmp_path, sandbox_backend=backend, cores=2))
        transport = httpx.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client,
        ):
            yield client

    return serve


def _request(store: ArtifactStore, code: str) -> ExecutionRequest:
    return ExecutionRequest(program=store.put_bytes("solution.py", code.encode()), collect=["out"])


async def test_an_execution_by_http(serve: Serve, store: ArtifactStore) -> None:
    async with serve("auto") as client:
        request = _request(store, "open('working/out', 'w').write('made')")
        execution = await RemoteWork(client, "executions").do("one", request, Execution)
        metrics = (await client.get("/metrics")).text
    assert execution.outcome is Outcome.OK, execution.output
    assert store.read(execution.files["out"]) == b"made"
    assert f'mle_star_executions_total{{backend="{execution.backend}",outcome="ok"}}' in metrics
    assert f'mle_star_executions_running{{backend="{execution.backend}"}} 0.0' in metrics


async def test_a_sandbox_that_fails_is_a_problem(serve: Serve) -> None:
    async with serve("subprocess") as client:
        missing = ExecutionRequest(program=Artifact(name="solution.py", digest="0" * 64, size=1))
        with pytest.raises(RemoteError, match="artifact store has no"):
            await RemoteWork(client, "executions").do("one", missing, Execution)


async def test_subprocess_says_that_it_is_not_isolated(serve: Serve, store: ArtifactStore) -> None:
    async with serve("subprocess") as client:
        backend = (await client.get("/backend")).json()
        ready = await client.get("/readyz")
        execution = await RemoteWork(client, "executions").do("one", _request(store, "pass"), Execution)
    assert (backend["name"], backend["isolated"]) == ("subprocess", False)
    assert (ready.status_code, ready.json()["status"]) == (200, "degraded")
    assert not execution.isolated


async def test_auto_falls_to_subprocess_where_no_box_starts(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _break_bubblewrap(tmp_path, monkeypatch)
    async with serve("auto") as client:
        backend = (await client.get("/backend")).json()
    assert (backend["name"], backend["isolated"]) == ("subprocess", False)
    assert "No permissions to create new namespace" in backend["why"]
    assert "no container engine answers" in backend["why"]


async def test_bubblewrap_by_name_never_falls(
    serve: Serve, store: ArtifactStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _break_bubblewrap(tmp_path, monkeypatch)
    async with serve("bubblewrap") as client:
        ready = await client.get("/readyz")
        with pytest.raises(RemoteError, match="No permissions") as raised:
            await RemoteWork(client, "executions").do("one", _request(store, "pass"), Execution)
    assert ready.status_code == 503
    assert "No permissions" in ready.json()["dependencies"]["backend"]
    assert (raised.value.status, raised.value.retry) == (503, True)


def _break_bubblewrap(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on machines that forbid user namespaces."""
    (folder / "bin").mkdir()
    (folder / "bin" / "bwrap").write_text(
        "#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n"
    )
    (folder / "bin" / "bwrap").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder / 'bin'}:/usr/bin:/bin")
    monkeypatch.setenv("DOCKER_HOST", f"unix://{folder}/nowhere.sock")


async def test_delete_ends_the_box_before_it_answers(serve: Serve, store: ArtifactStore, tmp_path: Path) -> None:
    async with serve("auto") as client:
        request = _request(store, "import time\ntime.sleep(60)")
        await client.put("/executions/one", json=request.model_dump(mode="json"))
        assert (await client.get("/executions/one", params={"wait": 0.3})).json()["state"] == "running"
        assert (await client.delete("/executions/one")).status_code == 204
        assert not list((tmp_path / "boxes").glob("*/*"))
        assert (await client.get("/executions/one")).status_code == 404


async def test_closing_the_service_ends_its_boxes(serve: Serve, store: ArtifactStore, tmp_path: Path) -> None:
    async with serve("auto") as client:
        for id in "abcd":
            request = _request(store, f"import time\ntime.sleep(60) # {id}")
            await client.put(f"/executions/{id}", json=request.model_dump(mode="json"))
        assert (await client.get("/executions/a", params={"wait": 0.3})).json()["state"] == "running"
        assert list((tmp_path / "boxes").glob("*/*"))
    assert list((tmp_path / "boxes").iterdir()) == []
