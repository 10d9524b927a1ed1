"""All apps in one process, on Unix sockets, over a real Redis; steps run by RQ's own simple worker."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mle_star_executor.app
import mle_star_orchestrator.app
import mle_star_planner_gateway.app
import mle_star_sandbox.app
import mle_star_verifier.app
import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient
from mle_star_orchestrator.dispatch import reconcile
from mle_star_orchestrator.store import TaskStore, connect
from mle_star_orchestrator.transport import connect_queue
from rq import SimpleWorker
from rq.serializers import JSONSerializer

from mle_star.config import Settings
from tests.redis_servers import redis_server
from tests.stacks import until

INNER = {
    "planner_gateway": mle_star_planner_gateway.app,
    "executor": mle_star_executor.app,
    "verifier": mle_star_verifier.app,
    "sandbox": mle_star_sandbox.app,
}


@dataclass
class Apps:
    """The public API, and the settings that all were built with."""

    client: TestClient
    settings: Settings
    store: TaskStore

    def run(self, **body: Any) -> dict[str, Any]:
        """Posts a task and works on it until it has ended; the view of its end."""
        queue = connect_queue(self.settings.redis_url)
        worker = SimpleWorker([queue], connection=queue.connection, serializer=JSONSerializer)
        posted: dict[str, Any] = {}

        def post() -> None:
            posted["answer"] = self.client.post("/tasks", json=body)

        posting = threading.Thread(target=post)
        posting.start()
        while posting.is_alive() or self.store.running():
            reconcile(self.store, queue)
            worker.work(burst=True, logging_level="WARNING")
            time.sleep(0.02)
        posting.join()
        assert posted["answer"].status_code == 202, posted["answer"].text
        ended: dict[str, Any] = self.client.get(f"/tasks/{posted['answer'].json()['id']}").json()
        return ended


@contextmanager
def all_apps(home: Path, monkeypatch: pytest.MonkeyPatch, **given: Any) -> Iterator[Apps]:
    """`given` are settings; the steps read theirs from the environment, as in a work horse."""
    with ExitStack() as stack:
        sockets = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="flow-")))
        urls = {f"{name}_url": f"unix:{sockets / name}.sock" for name in INNER}
        redis_url = stack.enter_context(redis_server())
        settings = Settings(home=home, redis_url=redis_url, **urls, **given)
        for name, value in {"home": home, "redis_url": redis_url, **urls}.items():
            monkeypatch.setenv(f"MLE_STAR_{name.upper()}", str(value))
        for name, module in INNER.items():
            stack.enter_context(_served(module.build_app(settings), sockets / f"{name}.sock"))
        client = stack.enter_context(TestClient(mle_star_orchestrator.app.build_app(settings)))
        yield Apps(client, settings, TaskStore(connect(redis_url)))


@contextmanager
def _served(app: FastAPI, socket: Path) -> Iterator[None]:
    server = uvicorn.Server(uvicorn.Config(app, uds=str(socket), log_config=None, loop="asyncio"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        until(lambda: server.started)
        yield
    finally:
        server.should_exit = True
        thread.join(20)
