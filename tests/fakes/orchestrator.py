"""An orchestrator that only plays its part: a task succeeds after it was looked at a few times."""

from __future__ import annotations

import argparse
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Response

from mle_star.service.app import create_app
from mle_star.service.errors import BadInputError, NotFoundError
from mle_star.tasks.task import ArtifactView, AttemptView, Best, Problem, Status, TaskRequest, TaskView

FILES = {
    "submission.csv": b"id,answer\n1,0\n",
    "solution.py": b"print('a solution')\n",
    "report.json": b"{}",
    "journal.jsonl": b"",
}


class FakeOrchestrator:
    """`looks` is how often a task is looked at before it ends as `ending`; None: never."""

    def __init__(
        self, *, looks: int | None = 2, ending: Status = Status.SUCCEEDED, error: Problem | None = None
    ) -> None:
        self.looks = looks
        self.ending = ending
        self.error = error
        self.requests: list[TaskRequest] = []
        self.tasks: dict[str, TaskView] = {}
        self.asked = threading.Event()
        self.app = self._build()

    def _build(self) -> FastAPI:
        app = create_app("fake")

        @app.post("/tasks", status_code=202)
        async def post(request: TaskRequest, response: Response) -> TaskView:
            if request.metric == "nobody-knows":
                raise BadInputError("no metric is called 'nobody-knows'")
            self.requests.append(request)
            view = self._new(f"task-{len(self.requests)}", request.competition)
            response.headers["Location"] = f"/tasks/{view.id}"
            return view

        @app.get("/tasks")
        async def tasks(status: Status | None = None) -> dict[str, list[TaskView]]:
            return {"tasks": [view for view in self.tasks.values() if status in (None, view.status)]}

        @app.get("/tasks/{id}")
        async def task(id: str) -> TaskView:
            view = self._find(id)
            self.asked.set()
            if self.looks is not None and view.status is Status.RUNNING:
                view.progress = min(1.0, view.progress + 1 / self.looks)
                if view.progress >= 1:
                    self._end(view, self.ending)
            return view

        @app.delete("/tasks/{id}")
        async def cancel(id: str) -> TaskView:
            view = self._find(id)
            if not view.status.final:
                self._end(view, Status.CANCELLED)
            return view

        @app.get("/tasks/{id}/artifacts")
        async def artifacts(id: str) -> dict[str, list[ArtifactView]]:
            self._find(id)
            listed = [
                ArtifactView(name=name, size=len(data), digest="0" * 64, link=f"/tasks/{id}/artifacts/{name}")
                for name, data in FILES.items()
            ]
            return {"artifacts": listed if self.ending is Status.SUCCEEDED else []}

        @app.get("/tasks/{id}/artifacts/{name}")
        async def artifact(id: str, name: str) -> Response:
            self._find(id)
            if name not in FILES:
                raise NotFoundError(f"the task has no artifact {name!r}")
            return Response(FILES[name])

        return app

    def _new(self, id: str, competition: str) -> TaskView:
        now = datetime.now(UTC)
        view = TaskView(
            id=id,
            competition=competition,
            status=Status.RUNNING,
            phase="search",
            progress=0,
            created=now,
            deadline=now + timedelta(minutes=1),
            seconds_left=60,
            metric="accuracy",
            direction="higher",
            attempts=[AttemptView(id="a1", title="LightGBM", state="running")],
            decisions=[{"what": "metric", "value": "accuracy", "why": "description.md names it"}],
        )
        self.tasks[id] = view
        return view

    def _end(self, view: TaskView, status: Status) -> None:
        view.status, view.phase, view.seconds_left, view.error = status, "ended", 0, self.error
        if status is Status.SUCCEEDED:
            view.attempts = [AttemptView(id="a1", title="LightGBM", state="ok", score=0.875, standard_error=0.01)]
            view.best = Best(attempts=["a1"], score=0.875, standard_error=0.01)

    def _find(self, id: str) -> TaskView:
        if id not in self.tasks:
            raise NotFoundError(f"there is no task {id!r}")
        return self.tasks[id]

    @contextmanager
    def served(self) -> Iterator[str]:
        """Serves it on a free port, from a thread; yields its URL."""
        server = uvicorn.Server(uvicorn.Config(self.app, port=0, log_config=None, timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        host, port = server.servers[0].sockets[0].getsockname()[:2]
        try:
            yield f"http://{host}:{port}"
        finally:
            server.should_exit = True
            thread.join()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("bind")
    parser.add_argument("--note", type=Path, help="a file that gets a line when it ends")
    options = parser.parse_args()
    host, _, port = options.bind.rpartition(":")
    uvicorn.run(FakeOrchestrator().app, host=host, port=int(port), log_config=None, timeout_graceful_shutdown=1)
    if options.note is not None:
        with options.note.open("a") as note:
            note.write("orchestrator\n")
