"""The orchestrator's app: the public API over the task store."""

from __future__ import annotations

import asyncio

from fastapi import FastAPI, Request, Response
from redis.exceptions import RedisError

from mle_star.artifacts import ArtifactStore
from mle_star.config import Settings
from mle_star.service.app import Probe, answer, create_app
from mle_star.service.errors import ServiceError, UnavailableError
from mle_star.service.remote import is_ready
from mle_star_orchestrator.routes.access import Access
from mle_star_orchestrator.routes.tasks import router
from mle_star_orchestrator.store import TaskStore, connect
from mle_star_orchestrator.transport import connect_queue


def build_app(settings: Settings) -> FastAPI:
    url = settings.redis_url
    store = TaskStore(connect(url))

    async def redis_answers() -> str | None:
        try:
            await asyncio.to_thread(store.ping)
        except ServiceError as error:
            return error.detail
        return None

    needs: dict[str, Probe] = {"redis": redis_answers}
    needs |= {
        "planner_gateway": is_ready(settings.planner_gateway_url),
        "executor": is_ready(settings.executor_url),
        "verifier": is_ready(settings.verifier_url),
    }
    app = create_app("orchestrator", needs=needs)
    app.state.access = Access(settings, store, connect_queue(url), ArtifactStore(settings.artifacts_folder))
    app.include_router(router)

    @app.exception_handler(RedisError)
    async def without_redis(_: Request, error: RedisError) -> Response:
        return answer(UnavailableError(f"Redis: {error}").problem())

    return app
