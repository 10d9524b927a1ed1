"""A sandbox without walls: programs run as plain subprocesses, and outcomes may be scripted."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

from mle_star.artifacts import ArtifactStore
from mle_star.tasks.execution import Execution, ExecutionRequest, Outcome


class FakeSandbox:
    """Stands where the executor asks the sandbox; `outcomes` maps an execution's id to what it must end with."""

    def __init__(
        self, store: ArtifactStore, folder: Path, *, isolated: bool = True, outcomes: dict[str, Outcome] | None = None
    ) -> None:
        self.requests: dict[str, ExecutionRequest] = {}
        self._store = store
        self._folder = folder
        self._isolated = isolated
        self._outcomes = outcomes or {}

    async def execute(self, task_id: str, id: str, request: ExecutionRequest) -> Execution:
        self.requests[id] = request
        if id in self._outcomes:
            return Execution(outcome=self._outcomes[id], seconds=1.0, backend="fake", isolated=self._isolated)
        return await asyncio.to_thread(self._run, id, request)

    def _run(self, id: str, request: ExecutionRequest) -> Execution:
        box = self._folder / id
        (box / "working").mkdir(parents=True)
        self._store.copy(request.program, box / "solution.py")
        for name, artifact in request.files.items():
            self._store.copy(artifact, box / "input" / name)
        started = time.monotonic()
        code, output = run_program(box, *request.arguments)
        kept = [name for name in request.collect if (box / "working" / name).is_file()]
        return Execution(
            outcome=Outcome.OK if code == 0 else Outcome.ERROR,
            exit_code=code,
            seconds=time.monotonic() - started,
            peak_memory_bytes=1 << 20,
            output=output,
            traceback=None if code == 0 else output,
            files={name: self._store.put_file(box / "working" / name) for name in kept},
            backend="fake",
            isolated=self._isolated,
        )


def run_program(folder: Path, *arguments: str) -> tuple[int, str]:
    """Runs `solution.py` in its folder: exit code, and standard output and error together."""
    done = subprocess.run(
        [sys.executable, "solution.py", *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    return done.returncode, done.stdout
