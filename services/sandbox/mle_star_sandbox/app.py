"""The sandbox service: one program, one disposable box."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from fastapi import FastAPI

from mle_star.artifacts import ArtifactStore
from mle_star.config import Settings
from mle_star.service.app import create_app
from mle_star.service.errors import UnavailableError
from mle_star.service.work import Work, work_router
from mle_star.tasks.execution import Execution, ExecutionRequest
from mle_star_sandbox.backends.base import Backend
from mle_star_sandbox.executions import Executions
from mle_star_sandbox.folders import Folders
from mle_star_sandbox.sweep import sweep
from mle_star_sandbox.trial import BackendView, choose_backend

SWEEP_SECONDS = 30.0

log = structlog.get_logger()


def build_app(settings: Settings) -> FastAPI:
    sandbox = _Sandbox(settings)
    work = Work(sandbox.execute)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await asyncio.to_thread(sandbox.open)
        try:
            sweeping = asyncio.create_task(sandbox.sweep())
            async with work.tended():
                yield
            sweeping.cancel()
        finally:
            await asyncio.to_thread(sandbox.close)

    app = create_app("sandbox", needs={"backend": sandbox.needs}, likes={"isolation": sandbox.likes}, lifespan=lifespan)
    app.include_router(work_router(work, "executions", ExecutionRequest, Execution))

    @app.get("/backend", tags=["executions"])
    async def backend() -> BackendView:
        """What programs run in on this machine, and how strong it is."""
        return sandbox.view

    return app


class _Sandbox:
    """The parts of the service, which stand between its start and its end."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.view = BackendView(name=settings.sandbox_backend, isolated=False, why="the service is starting")
        self._backend: Backend | None = None
        self._executions: Executions | None = None

    def open(self) -> None:
        settings = self._settings
        self._folders = Folders(settings.home / "boxes", sweep)
        store = ArtifactStore(settings.artifacts_folder)
        hidden = [settings.home.resolve(), settings.artifacts_folder.resolve()]
        try:
            backend, self.view = choose_backend(
                settings.sandbox_backend, store, self._folders, hidden, settings.sandbox_image
            )
        except UnavailableError as error:
            self.view = BackendView(name=settings.sandbox_backend, isolated=False, why=error.detail)
        else:
            self._backend = backend
            backend.warm_up()
            self._executions = Executions(backend, store, self._folders, settings.cores)

    def close(self) -> None:
        if self._executions is not None:
            self._executions.close()
        if self._backend is not None:
            self._backend.close()
        self._folders.close()

    async def execute(self, id: str, request: ExecutionRequest) -> Execution:
        if self._executions is None:
            raise UnavailableError(self.view.why)
        return await self._executions.execute(id, request)

    async def sweep(self) -> None:
        while self._backend is not None:
            await asyncio.sleep(SWEEP_SECONDS)
            try:
                await asyncio.to_thread(self._backend.sweep)
            except Exception:
                log.exception("sweep_failed")

    async def needs(self) -> str | None:
        return None if self._executions is not None else self.view.why

    async def likes(self) -> str | None:
        return None if self.view.isolated else f"programs are not isolated: {self.view.why}"
