"""Executions: a box is made, watched, emptied and gone."""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import structlog
from prometheus_client import Counter, Gauge

from mle_star.artifacts import ArtifactStore
from mle_star.service.errors import ServiceError
from mle_star.tasks.execution import Execution, ExecutionRequest, Outcome
from mle_star_sandbox.admission import Admission
from mle_star_sandbox.backends.base import Backend
from mle_star_sandbox.collect import collect
from mle_star_sandbox.folders import Folders, remove
from mle_star_sandbox.layout import check_request, lay_out
from mle_star_sandbox.watch import watch

EXECUTIONS = Counter("mle_star_executions_total", "Executions that ended", ["outcome", "backend"])
RUNNING = Gauge("mle_star_executions_running", "Boxes that stand", ["backend"])

log = structlog.get_logger()


class Executions:
    """Runs programs in boxes of one backend, as many at once as there are cores."""

    def __init__(self, backend: Backend, store: ArtifactStore, folders: Folders, cores: int) -> None:
        self._backend = backend
        self._store = store
        self._folders = folders
        self._admission = Admission(cores)
        self._threads = ThreadPoolExecutor(cores, thread_name_prefix="box")

    async def execute(self, id: str, request: ExecutionRequest) -> Execution:
        """Runs it when its turn comes. To cancel ends the box, and returns when nothing of it is left.

        Raises BadInputError, or UnavailableError where no box could be made.
        """
        check_request(request)
        async with self._admission.admit(request.limits.cores):
            return await self._run(id, request)

    async def _run(self, id: str, request: ExecutionRequest) -> Execution:
        cancelled, cancel = os.pipe()
        log.info("execution_started", id=id, backend=self._backend.name)
        loop = asyncio.get_running_loop()
        with RUNNING.labels(self._backend.name).track_inprogress():
            running = loop.run_in_executor(
                self._threads, run_in_box, self._backend, self._store, self._folders, request, cancelled
            )
            try:
                execution = await asyncio.shield(running)
            except asyncio.CancelledError:
                os.write(cancel, b"x")
                await _end_of(running)
                if running.exception() is None:
                    self._tell(id, running.result())
                raise
            except ServiceError as error:
                log.warning("execution_failed", id=id, backend=self._backend.name, why=error.detail)
                raise
            finally:
                os.close(cancelled)
                os.close(cancel)
        self._tell(id, execution)
        return execution

    def _tell(self, id: str, execution: Execution) -> None:
        EXECUTIONS.labels(execution.outcome, execution.backend).inc()
        log.info(
            "execution_ended",
            id=id,
            outcome=execution.outcome,
            seconds=round(execution.seconds, 3),
            backend=execution.backend,
        )

    def close(self) -> None:
        self._threads.shutdown()


def run_in_box(
    backend: Backend, store: ArtifactStore, folders: Folders, request: ExecutionRequest, cancelled: int
) -> Execution:
    """Makes a box, watches it, takes its results out, and leaves nothing of it behind."""
    folder = folders.make()
    try:
        lay_out(request, store, folder, link=backend.isolated)
        box = backend.start(folder, request)
        try:
            watched = watch(box, request.limits, cancelled)
            wanted = [] if watched.outcome is Outcome.CANCELLED else request.collect
            files = collect(box.working, wanted, request.limits.collect_bytes, store)
        finally:
            box.close()
    finally:
        remove(folder)
    return Execution(
        outcome=watched.outcome,
        exit_code=watched.exit_code,
        seconds=watched.seconds,
        cpu_seconds=watched.cpu_seconds,
        peak_memory_bytes=watched.peak_memory_bytes,
        output=watched.output,
        traceback=watched.traceback,
        files=files,
        backend=backend.name,
        isolated=backend.isolated,
    )


async def _end_of(running: asyncio.Future[Execution]) -> None:
    """Waits for the end, whatever else is cancelled meanwhile."""
    while not running.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait([running])
