"""POST, GET and DELETE of tasks, and their artifacts."""

import asyncio
import hashlib
import mimetypes
import re
import time
import uuid
from contextlib import suppress
from typing import Annotated

import structlog
from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel
from redis.exceptions import RedisError

from mle_star.artifacts import ArtifactMissingError
from mle_star.config import Settings
from mle_star.service.errors import BadInputError, NotFoundError, ServiceError
from mle_star.tasks.artifact import Artifact
from mle_star.tasks.task import ArtifactView, Problem, Status, TaskRequest, TaskView
from mle_star_orchestrator.dispatch import dispatch
from mle_star_orchestrator.routes.access import Access, access
from mle_star_orchestrator.view import journal, report, view
from mle_star_orchestrator.workflow.best import best_artifacts
from mle_star_orchestrator.workflow.record import cancel
from mle_star_orchestrator.workflow.state import Budget, Event, TaskState

INTAKE_WAIT_SECONDS = 10.0
NEWEST = 100

log = structlog.get_logger()
router = APIRouter(prefix="/tasks", tags=["tasks"])
TaskId = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,150}$")]


class TaskList(BaseModel):
    tasks: list[TaskView]


class ArtifactList(BaseModel):
    artifacts: list[ArtifactView]


@router.post("", status_code=202)
async def post_task(body: TaskRequest, request: Request, response: Response) -> TaskView:
    """Accepts a task; its clock starts now. Data that cannot be used is answered with 422 where that shows soon."""
    stack = access(request)
    state = new_task(body, stack.settings, time.time())
    events = [Event(at=state.accepted, event="accepted", data=body.model_dump(mode="json"))]
    await asyncio.to_thread(stack.store.create, state, events)
    log.info("task_accepted", task=state.id, seconds=state.budget.seconds)
    with suppress(RedisError):  # accepted is accepted: the reconciler hands out the rest
        await asyncio.to_thread(dispatch, stack.store, stack.queue, state.id)
        state = await _after_intake(stack, state)
    if state.error is not None and state.error.status == BadInputError.status:
        log.info("task_refused", task=state.id, detail=state.error.detail)
        raise _RefusedError(state.error)
    response.headers["Location"] = f"/tasks/{state.id}"
    response.headers["Retry-After"] = "1"
    return view(state, time.time())


class _RefusedError(ServiceError):
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail, code=problem.code)
        self.status, self.title = problem.status, problem.title


def new_task(request: TaskRequest, settings: Settings, now: float) -> TaskState:
    """What the request leaves open, the settings decide."""
    name = re.sub(r"[^A-Za-z0-9_-]", "-", request.competition)
    budget = Budget(
        seconds=(request.minutes or settings.task_minutes) * 60,
        strategies=request.strategies or settings.parallel_strategies,
        iterations=settings.max_iterations if request.iterations is None else request.iterations,
        cores=settings.cores,
        execution_seconds=settings.execution_seconds,
        memory_bytes=int(settings.memory_gb * (1 << 30)),
    )
    return TaskState(id=f"{name}-{uuid.uuid4().hex[:8]}", request=request, budget=budget, accepted=now)


async def _after_intake(stack: Access, state: TaskState) -> TaskState:
    limit = time.monotonic() + INTAKE_WAIT_SECONDS
    while state.intake is None and not state.status.final and time.monotonic() < limit:
        await asyncio.sleep(0.05)
        state = await asyncio.to_thread(stack.store.load, state.id)
    return state


@router.get("")
async def list_tasks(request: Request, status: Annotated[Status | None, Query()] = None) -> TaskList:
    """The newest 100 tasks, or those that are running, the newest first."""
    store, now = access(request).store, time.time()
    ids = await asyncio.to_thread(store.running if status is Status.RUNNING else lambda: store.newest(NEWEST))
    states = [await asyncio.to_thread(store.load, id) for id in ids]
    found = [view(state, now) for state in states if status in (None, state.status)]
    return TaskList(tasks=sorted(found, key=lambda task: task.created, reverse=True))


@router.get("/{id}")
async def get_task(id: TaskId, request: Request, response: Response) -> TaskView:
    """The task: its state, its attempts with their scores, the best so far."""
    state = await asyncio.to_thread(access(request).store.load, id)
    if not state.status.final:
        response.headers["Retry-After"] = "1"
    return view(state, time.time())


@router.delete("/{id}")
async def cancel_task(id: TaskId, request: Request) -> TaskView:
    """Cancels it; what it has made so far stays. A task that has ended stays as it is."""
    store = access(request).store
    if await asyncio.to_thread(store.change, id, lambda state: cancel(state, time.time())) is not None:
        log.info("task_cancelled", task=id)
    return view(await asyncio.to_thread(store.load, id), time.time())


@router.get("/{id}/artifacts")
async def list_artifacts(id: TaskId, request: Request) -> ArtifactList:
    """What the task has made so far: while it runs, the best submission so far."""
    stack = access(request)
    state = await asyncio.to_thread(stack.store.load, id)
    listed = []
    for name, artifact in _stored(state).items():
        listed.append(_artifact(id, name, artifact.size, artifact.digest))
    for name, data in (await asyncio.to_thread(_made, stack, state)).items():
        listed.append(_artifact(id, name, len(data), hashlib.sha256(data).hexdigest()))
    return ArtifactList(artifacts=listed)


@router.get("/{id}/artifacts/{name}", response_class=Response)
async def get_artifact(id: TaskId, name: str, request: Request) -> Response:
    """The bytes of one artifact."""
    stack = access(request)
    state = await asyncio.to_thread(stack.store.load, id)
    stored = _stored(state)
    if name in stored:
        try:
            path = stack.artifacts.path(stored[name])
        except ArtifactMissingError as error:
            raise NotFoundError(f"{error}: put it back, or run the task again", code="artifact_missing") from None
        return FileResponse(path, media_type=_media_type(name), filename=name)
    made = await asyncio.to_thread(_made, stack, state)
    if name in made:
        return Response(made[name], media_type=_media_type(name))
    raise NotFoundError(f"task {id} has no artifact {name!r}; it has {', '.join([*stored, *made])}")


def _stored(state: TaskState) -> dict[str, Artifact]:
    """The final artifacts; before the end, the best submission so far and its program."""
    return state.artifacts or best_artifacts(state)


def _artifact(id: str, name: str, size: int, digest: str) -> ArtifactView:
    return ArtifactView(name=name, size=size, digest=digest, link=f"/tasks/{id}/artifacts/{name}")


def _made(stack: Access, state: TaskState) -> dict[str, bytes]:
    """Those that are written on demand."""
    return {"report.json": report(state), "journal.jsonl": journal(stack.store.events(state.id))}


def _media_type(name: str) -> str:
    return mimetypes.guess_type(name)[0] or "application/octet-stream"
