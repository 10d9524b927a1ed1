"""The executor's application: attempts and solutions, put and polled."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from mle_star.artifacts import ArtifactStore
from mle_star.config import Settings
from mle_star.service.app import create_app
from mle_star.service.remote import RemoteWork, is_ready, service_client
from mle_star.service.work import Work, work_router
from mle_star.tasks.attempt import Attempt, AttemptRequest, Solution, SolutionRequest
from mle_star.tasks.execution import Execution, ExecutionRequest
from mle_star_executor.attempt import Attempts, Execute


def build_app(settings: Settings, execute: Execute | None = None) -> FastAPI:
    """`execute` runs programs; by default the sandbox service does."""
    sandbox_url = settings.sandbox_url

    async def by_sandbox(task_id: str, id: str, request: ExecutionRequest) -> Execution:
        async with service_client(sandbox_url, task_id) as client:
            return await RemoteWork(client, "executions").do(id, request, Execution)

    attempts = Attempts(ArtifactStore(settings.artifacts_folder), execute or by_sandbox)
    attempt_work: Work[AttemptRequest, Attempt] = Work(attempts.run)
    solution_work: Work[SolutionRequest, Solution] = Work(attempts.solve)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with attempt_work.tended(), solution_work.tended():
            yield

    needs = {} if execute else {"sandbox": is_ready(sandbox_url)}
    app = create_app("executor", needs=needs, lifespan=lifespan)
    app.include_router(work_router(attempt_work, "attempts", AttemptRequest, Attempt))
    app.include_router(work_router(solution_work, "solutions", SolutionRequest, Solution))
    return app
