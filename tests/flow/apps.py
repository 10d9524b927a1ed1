"""All apps in one process, on Unix sockets, over a real Redis; steps run by RQ's own simple worker."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

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

Result = TypeVar("Result")

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

    def meanwhile(self, ask: Callable[[], Result]) -> Result:
        """What `ask` returns from a thread, while this one works on the queue (RQ wants the main thread)."""
        queue = connect_queue(self.settings.redis_url)
        worker = DeafWorker([queue], connection=queue.connection, serializer=JSONSerializer)
        with ThreadPoolExecutor(1) as pool:
            asked = pool.submit(ask)
            while not asked.done():
                reconcile(self.store, queue)
                worker.work(burst=True, logging_level="WARNING")
                time.sleep(0.02)
        return asked.result()

    def run(self, **body: Any) -> dict[str, Any]:
        """Posts a task and works on it until it has ended; the view of its end."""

        def post_and_wait() -> dict[str, Any]:
            answer = self.client.post("/tasks", json=body)
            assert answer.status_code == 202, answer.text
            path = f"/tasks/{answer.json()['id']}"
            return until(lambda: found if (found := self.client.get(path).json())["status"] != "running" else None)

        return self.meanwhile(post_and_wait)


class DeafWorker(SimpleWorker):
    """Takes no commands: to stop listening for them takes up to a second after each burst."""

    def subscribe(self) -> None: ...

    def unsubscribe(self) -> None: ...


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
