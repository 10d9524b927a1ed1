"""The services that the steps ask, and nothing of how."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

import httpx
from pydantic import BaseModel

from mle_star.config import Settings
from mle_star.service.remote import RemoteWork, service_client

Result = TypeVar("Result", bound=BaseModel)


def work_id(request: BaseModel) -> str:
    """The same request has the same id, so that a second asker joins the first."""
    return hashlib.sha256(request.model_dump_json().encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Services:
    """Clients of the inner services. Each call raises ServiceError where the service itself failed."""

    planner_gateway: httpx.AsyncClient
    executor: httpx.AsyncClient
    verifier: httpx.AsyncClient

    async def plan(self, request: BaseModel, result: type[Result]) -> Result:
        return await RemoteWork(self.planner_gateway, "plans").do(work_id(request), request, result)

    async def attempt(self, request: BaseModel, result: type[Result]) -> Result:
        return await RemoteWork(self.executor, "attempts").do(work_id(request), request, result)

    async def solution(self, request: BaseModel, result: type[Result]) -> Result:
        return await RemoteWork(self.executor, "solutions").do(work_id(request), request, result)

    async def verdict(self, request: BaseModel, result: type[Result]) -> Result:
        return await RemoteWork(self.verifier, "verdicts").do(work_id(request), request, result)


@asynccontextmanager
async def connect_services(settings: Settings, task_id: str | None = None) -> AsyncIterator[Services]:
    async with (
        service_client(settings.planner_gateway_url, task_id) as planner_gateway,
        service_client(settings.executor_url, task_id) as executor,
        service_client(settings.verifier_url, task_id) as verifier,
    ):
        yield Services(planner_gateway, executor, verifier)
