"""HTTP to one orchestrator: answers as models, problems as errors, a restart in between as a pause."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
from pydantic import ValidationError

from mle_star.api.errors import MLEStarError, StackError, error_for
from mle_star.tasks.task import Problem

PATIENCE_SECONDS = 30.0
_PAUSE_SECONDS = 0.3


class Connection:
    """`transport` replaces the network, for an app in this process."""

    def __init__(
        self,
        url: str,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        patience_seconds: float | None = None,
    ) -> None:
        self.url = url.rstrip("/")
        encrypted = self.url.startswith("https:")
        self._client = httpx.AsyncClient(
            base_url=self.url,
            transport=transport,
            timeout=httpx.Timeout(30, connect=10),
            verify=encrypted,  # without TLS, loading the certificates would be 50 ms for nothing
            trust_env=encrypted,
        )
        self._patience = PATIENCE_SECONDS if patience_seconds is None else patience_seconds

    async def get(self, path: str, **params: str) -> Any:
        return (await self._send("GET", path, params=params)).json()

    async def post(self, path: str, body: str) -> Any:
        headers = {"content-type": "application/json"}
        return (await self._send("POST", path, content=body, headers=headers)).json()

    async def delete(self, path: str) -> Any:
        return (await self._send("DELETE", path)).json()

    async def download(self, path: str, destination: Path) -> None:
        """Streams a file to `destination`, which is there whole or not at all."""
        incoming = destination.with_name(f".{destination.name}.incoming")
        async with self._stream(path) as response:
            destination.parent.mkdir(parents=True, exist_ok=True)
            with incoming.open("wb") as file:
                async for block in response.aiter_bytes():
                    file.write(block)
        incoming.replace(destination)

    @asynccontextmanager
    async def _stream(self, path: str) -> AsyncIterator[httpx.Response]:
        try:
            async with self._client.stream("GET", path) as response:
                if response.is_error:
                    await response.aread()
                    raise self._error(response)
                yield response
        except httpx.TransportError as error:
            raise self._unreachable(error) from error

    async def _send(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Tries again while nothing answers, or the answer says to; a POST only where it cannot have arrived."""
        limit = time.monotonic() + self._patience
        while True:
            try:
                response = await self._client.request(method, path, **more)
            except httpx.TransportError as error:
                may_have_arrived = method == "POST" and not isinstance(error, httpx.ConnectError)
                if may_have_arrived or time.monotonic() > limit:
                    raise self._unreachable(error) from error
            else:
                if response.is_success:
                    return response
                if response.status_code != 503 or time.monotonic() > limit:
                    raise self._error(response)
            await asyncio.sleep(_PAUSE_SECONDS)

    def _error(self, response: httpx.Response) -> MLEStarError:
        try:
            return error_for(Problem.model_validate_json(response.content))
        except ValidationError:
            return StackError(
                f"{self.url} answers {response.status_code}, but not as MLE-STAR does: check MLE_STAR_URL"
            )

    def _unreachable(self, error: httpx.TransportError) -> StackError:
        return StackError(f"nothing answers at {self.url} ({type(error).__name__}): is it running? Check MLE_STAR_URL")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()
