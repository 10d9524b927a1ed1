"""A job is a shell round one step: claim it, do it, record it if it is still ours, hand out what comes next."""

from __future__ import annotations

import asyncio
import time
import uuid

import structlog

from mle_star.artifacts import ArtifactStore
from mle_star.config import Settings
from mle_star.service.errors import ServiceError
from mle_star_orchestrator.dispatch import dispatch
from mle_star_orchestrator.perform import perform
from mle_star_orchestrator.services import connect_services
from mle_star_orchestrator.store import TaskStore, connect
from mle_star_orchestrator.transport import connect_queue
from mle_star_orchestrator.workflow.record import LEASE_SECONDS, claim, keep, owns, record_error, record_result
from mle_star_orchestrator.workflow.state import StepResult, TaskState

BEAT_SECONDS = 1.0
log = structlog.get_logger()


def run_step(task_id: str, step_id: str) -> None:
    """What RQ calls in a work horse."""
    settings = Settings.load()
    store = TaskStore(connect(settings.redis_url))
    structlog.contextvars.bind_contextvars(task=task_id, step=step_id)
    token = uuid.uuid4().hex
    state = store.change(task_id, lambda state: claim(state, step_id, token, time.time()))
    if state is None:
        log.info("step_not_ours")
        return
    log.info("step_started", tries=state.steps[step_id].tries)
    asyncio.run(_do(settings, store, state, step_id, token))
    dispatch(store, connect_queue(settings.redis_url), task_id)


async def _do(settings: Settings, store: TaskStore, state: TaskState, step_id: str, token: str) -> None:
    artifacts = ArtifactStore(settings.artifacts_folder)
    async with connect_services(settings, state.id) as services:
        work = asyncio.ensure_future(perform(state, state.steps[step_id].step, services, artifacts))
        await _hold(store, state.id, step_id, token, work)
    if work.cancelled():
        log.info("step_dropped")
        return
    error = work.exception()
    if error is None:
        recorded = _record(store, state.id, step_id, token, work.result())
    else:
        problem = (error if isinstance(error, ServiceError) else _unknown(error)).problem()
        log.warning("step_failed", code=problem.code, detail=problem.detail)
        recorded = store.change(state.id, lambda state: record_error(state, step_id, token, problem, time.time()))
    log.info("step_ended", recorded=recorded is not None)


def _record(store: TaskStore, task_id: str, step_id: str, token: str, result: StepResult) -> TaskState | None:
    return store.change(task_id, lambda state: record_result(state, step_id, token, result, time.time()))


def _unknown(error: BaseException) -> ServiceError:
    log.error("step_crashed", exc_info=error)
    return ServiceError("this is a bug; the stack's log has the traceback")


async def _hold(store: TaskStore, task_id: str, step_id: str, token: str, work: asyncio.Future[StepResult]) -> None:
    """Keeps the lease while the work goes on; cancels the work when the step or the task is ours no more."""
    while not work.done():
        await asyncio.wait([work], timeout=BEAT_SECONDS)
        if work.done():
            return
        now = time.time()
        state = store.load(task_id)
        if not owns(state, step_id, token):
            work.cancel()
            await asyncio.wait([work])
            return
        lease = state.steps[step_id].lease
        if lease is not None and lease.until - now < LEASE_SECONDS / 2:
            store.change(task_id, lambda state: keep(state, step_id, token, time.time()))
