"""Asking another service for work: put it, poll it, take its result; cancel it if we are cancelled."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from mle_star.service.app import Probe
from mle_star.service.errors import ServiceError, UnavailableError
from mle_star.service.work import CANCELLED, MAX_WAIT_SECONDS, WorkState, WorkView
from mle_star.tasks.task import Problem

Result = TypeVar("Result", bound=BaseModel)
PATIENCE_SECONDS = 30.0


class RemoteError(ServiceError):
    """What another service answered, passed on."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail, code=problem.code)
        self.status, self.title, self.retry = problem.status, problem.title, problem.retry


def service_client(url: str, task_id: str | None = None) -> httpx.AsyncClient:
    """A client for `http://host:port` or `unix:/path/to/socket`; certificates are of no use inside."""
    headers = {"x-task-id": task_id} if task_id else {}
    timeout = httpx.Timeout(10, read=MAX_WAIT_SECONDS + 15)
    socket = url.removeprefix("unix:") if url.startswith("unix:") else None
    # loading certificates costs 50 ms a client, and nothing inside speaks TLS
    transport = httpx.AsyncHTTPTransport(uds=socket, verify=False)
    base = "http://service" if socket else url
    return httpx.AsyncClient(transport=transport, base_url=base, timeout=timeout, headers=headers, trust_env=False)


def is_ready(url: str) -> Probe:
    """A probe of another service by its /readyz."""

    async def probe() -> str | None:
        try:
            async with service_client(url) as client:
                response = await client.get("/readyz", timeout=5)
        except httpx.HTTPError as error:
            return f"it does not answer at {url} ({type(error).__name__}): is it running?"
        return None if response.is_success else f"it is not ready: {response.text[:300]}"

    return probe


class RemoteWork:
    """One kind of work at one service. A restart of the service in between costs the work, not the caller."""

    def __init__(self, client: httpx.AsyncClient, path: str, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._client = client
        self._path = path
        self._patience = patience_seconds

    async def do(self, id: str, request: BaseModel, result: type[Result]) -> Result:
        """Puts the work and waits for its result. Raises RemoteError, or UnavailableError after 30 s of silence."""
        body = request.model_dump_json()
        silent_since: float | None = None
        put = True
        try:
            while True:
                try:
                    view = await self._ask(id, body, result, put=put)
                except httpx.TransportError as error:
                    now = time.monotonic()
                    silent_since = silent_since or now
                    if now - silent_since > self._patience:
                        raise UnavailableError(f"{self._path}: {type(error).__name__}: {error}") from error
                    await asyncio.sleep(0.2)
                    put = True
                    continue
                silent_since, put = None, view is None
                if view is None:
                    continue
                if view.state is WorkState.DONE and view.result is not None:
                    return view.result
                if view.error is not None and view.error.code != CANCELLED:
                    raise RemoteError(view.error)
                put = view.error is not None  # another caller cancelled what we still want
        except asyncio.CancelledError:
            with suppress(httpx.HTTPError):
                await asyncio.shield(self._client.delete(f"/{self._path}/{id}"))
            raise

    async def _ask(self, id: str, body: str, result: type[Result], *, put: bool) -> WorkView[Result] | None:
        """One request; None when the service has forgotten the work."""
        url = f"/{self._path}/{id}"
        if put:
            headers = {"content-type": "application/json"}
            response = await self._client.put(url, content=body, headers=headers)
        else:
            response = await self._client.get(url, params={"wait": MAX_WAIT_SECONDS})
            if response.status_code == 404:
                return None
        if response.is_error:
            raise RemoteError(_problem(response))
        return WorkView[result].model_validate_json(response.content)  # type: ignore[valid-type]


def _problem(response: httpx.Response) -> Problem:
    try:
        return Problem.model_validate_json(response.content)
    except ValidationError:
        detail = response.text[:500]
        retry = response.status_code >= 500
        return Problem(
            title="Not an answer", status=response.status_code, code="bad_answer", detail=detail, retry=retry
        )
