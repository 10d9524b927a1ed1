"""Work that may take longer than a request: put by id, polled, joined, cancelled, and dropped when forgotten."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from enum import StrEnum
from typing import Annotated, Generic, TypeVar

import structlog
from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel

from mle_star.service.errors import NotFoundError, ServiceError
from mle_star.tasks.task import Problem

Request_ = TypeVar("Request_", bound=BaseModel)
Result = TypeVar("Result", bound=BaseModel)

FORGOTTEN_SECONDS = 60.0
KEPT = 1000
CANCELLED = "cancelled"
MAX_WAIT_SECONDS = 20.0

log = structlog.get_logger()
WorkId = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$")]


class WorkState(StrEnum):
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class WorkView(BaseModel, Generic[Result]):
    """`result` when it is done; `error` when the service, not the code it ran, failed."""

    id: str
    state: WorkState
    result: Result | None = None
    error: Problem | None = None


class _Item(Generic[Result]):
    def __init__(self, job: asyncio.Task[Result]) -> None:
        self.job = job
        self.polled = time.monotonic()


class Work(Generic[Request_, Result]):
    """The running and recent work of one kind, in this process's memory: a restart forgets, a second PUT redoes."""

    def __init__(
        self,
        do: Callable[[str, Request_], Awaitable[Result]],
        *,
        forgotten_seconds: float = FORGOTTEN_SECONDS,
    ) -> None:
        self._do = do
        self._items: dict[str, _Item[Result]] = {}
        self._forgotten_seconds = forgotten_seconds

    def put(self, id: str, request: Request_) -> None:
        """Starts the work, or joins what runs or has run under this id; what failed or was cancelled runs anew."""
        item = self._items.get(id)
        if item is not None and not (item.job.done() and (item.job.cancelled() or item.job.exception())):
            item.polled = time.monotonic()
            return
        self._make_room()
        self._items[id] = _Item(asyncio.ensure_future(self._do(id, request)))

    async def get(self, id: str, wait: float) -> WorkView[Result]:
        """Its state, after `wait` seconds at most; sooner if it ends. Raises NotFoundError."""
        if (item := self._items.get(id)) is None:
            raise NotFoundError(f"no work is called {id!r}: put it first")
        item.polled = time.monotonic()
        await asyncio.wait([item.job], timeout=min(wait, MAX_WAIT_SECONDS))
        item.polled = time.monotonic()
        return self._view(id, item.job)

    async def cancel(self, id: str) -> None:
        """Ends the work and waits until it has cleaned up after itself. Unknown ids are no error."""
        if (item := self._items.pop(id, None)) is not None:
            item.job.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await item.job

    @asynccontextmanager
    async def tended(self) -> AsyncIterator[None]:
        """While it lasts, what nobody polls is dropped; at its end, all work is."""
        dropping = asyncio.create_task(self.drop_forgotten())
        try:
            yield
        finally:
            dropping.cancel()
            with suppress(asyncio.CancelledError):
                await dropping
            await self.close()

    async def close(self) -> None:
        for id in list(self._items):
            await self.cancel(id)

    async def drop_forgotten(self) -> None:
        """Runs for ever: cancels what nobody has polled for a while."""
        while True:
            await asyncio.sleep(self._forgotten_seconds / 10)
            limit = time.monotonic() - self._forgotten_seconds
            for id, item in list(self._items.items()):
                if not item.job.done() and item.polled < limit:
                    log.warning("work_forgotten", id=id)
                    await self.cancel(id)

    def _make_room(self) -> None:
        done = [id for id, item in self._items.items() if item.job.done()]
        for id in done[: max(0, len(done) - KEPT)]:
            del self._items[id]

    @staticmethod
    def _view(id: str, job: asyncio.Task[Result]) -> WorkView[Result]:
        if not job.done():
            return WorkView(id=id, state=WorkState.RUNNING)
        if job.cancelled():
            return WorkView(id=id, state=WorkState.FAILED, error=_cancelled())
        if (error := job.exception()) is None:
            return WorkView(id=id, state=WorkState.DONE, result=job.result())
        if not isinstance(error, ServiceError):
            log.error("work_failed", id=id, exc_info=error)
            error = ServiceError("this is a bug; the service's log has the traceback")
        return WorkView(id=id, state=WorkState.FAILED, error=error.problem())


def _cancelled() -> Problem:
    return Problem(title="It was cancelled", status=409, code=CANCELLED, detail="put it again to run it", retry=True)


def work_router(work: Work[Request_, Result], path: str, request: type[Request_], result: type[Result]) -> APIRouter:
    """PUT, GET and DELETE of `/{path}/{id}`."""
    router = APIRouter(tags=[path])
    view = WorkView[result]  # type: ignore[valid-type]
    Body = request

    @router.put(f"/{path}/{{id}}", status_code=202, response_model=view)
    async def put(id: WorkId, body: Body, response: Response) -> WorkView[Result]:  # type: ignore[valid-type]
        """Starts it, or joins it. The id is a hash of what is to be done: the same id means the same work."""
        work.put(id, body)
        response.headers["Location"] = f"/{path}/{id}"
        return await work.get(id, 0)

    @router.get(f"/{path}/{{id}}", response_model=view)
    async def get(id: WorkId, wait: Annotated[float, Query(ge=0, le=MAX_WAIT_SECONDS)] = 0) -> WorkView[Result]:
        """Its state, waiting up to `wait` seconds for its end. Work that nobody polls for 60 s is cancelled."""
        return await work.get(id, wait)

    @router.delete(f"/{path}/{{id}}", status_code=204)
    async def delete(id: WorkId) -> None:
        """Cancels it."""
        await work.cancel(id)

    return router
