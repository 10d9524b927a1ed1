"""The verifier's application: verdicts, put and polled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from fastapi import FastAPI

from mle_star.artifacts import ArtifactStore
from mle_star.config import Settings
from mle_star.service.app import create_app
from mle_star.service.work import Work, work_router
from mle_star.tasks.verdict import Verdict, VerdictRequest
from mle_star_verifier.judge import Judge

log = structlog.get_logger()


def build_app(settings: Settings) -> FastAPI:
    judge = Judge(ArtifactStore(settings.artifacts_folder))
    free_cores = asyncio.Semaphore(settings.cores)

    async def do(_: str, request: VerdictRequest) -> Verdict:
        async with free_cores:
            verdict = await asyncio.to_thread(judge.judge, request)
        attempts = [predictions.attempt_id for predictions in request.predictions]
        codes = [violation.code for violation in verdict.violations]
        log.info("judged", attempts=attempts, score=verdict.score, valid=verdict.valid, violations=codes)
        return verdict

    async def artifacts() -> str | None:
        if settings.artifacts_folder.is_dir():
            return None
        return f"the folder of artifacts is gone; make {settings.artifacts_folder} and put the files back"

    work = Work(do)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with work.tended():
            yield

    app = create_app("verifier", needs={"artifacts": artifacts}, lifespan=lifespan)
    app.include_router(work_router(work, "verdicts", VerdictRequest, Verdict))
    return app
