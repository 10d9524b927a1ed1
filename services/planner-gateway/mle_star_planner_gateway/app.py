"""The planner gateway's application: plans, put and polled."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from fastapi import FastAPI

from mle_star.config import Settings
from mle_star.service.app import create_app
from mle_star.service.errors import BadInputError
from mle_star.service.work import Work, work_router
from mle_star.tasks.recipes import UnknownRecipeError
from mle_star.tasks.strategy import Plan, PlanRequest
from mle_star_planner_gateway.backends.recipes import propose

log = structlog.get_logger()


def build_app(_: Settings) -> FastAPI:
    work = Work(plan)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with work.tended():
            yield

    app = create_app("planner-gateway", lifespan=lifespan)
    app.include_router(work_router(work, "plans", PlanRequest, Plan))
    return app


async def plan(_: str, request: PlanRequest) -> Plan:
    """Raises BadInputError where something was tried that the catalogue does not have."""
    try:
        strategies = propose(request)
    except UnknownRecipeError as error:
        raise BadInputError(str(error)) from error
    log.info("planned", task=request.task_id, recipes=[strategy.recipe for strategy in strategies])
    return Plan(strategies=strategies)
