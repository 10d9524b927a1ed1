"""Handing out steps: note them in the state, then put them into the queue. Crash in between, and they come again."""

from __future__ import annotations

import time
from contextlib import suppress

import structlog
from rq import Queue
from rq.exceptions import DuplicateJobError

from mle_star_orchestrator.store import TaskStore
from mle_star_orchestrator.transport import enqueue
from mle_star_orchestrator.workflow.next_steps import next_steps
from mle_star_orchestrator.workflow.record import end_overdue, hand_out, hand_out_again
from mle_star_orchestrator.workflow.state import Event, TaskState

log = structlog.get_logger()


def dispatch(store: TaskStore, queue: Queue, task_id: str) -> None:
    """Hands out what can begin now."""
    before: set[str] = set()

    def change(state: TaskState) -> list[Event] | None:
        before.clear()
        before.update(state.steps)
        now = time.time()
        return hand_out(state, next_steps(state, now), now)

    state = store.change(task_id, change)
    if state is not None:
        _enqueue(queue, state, [id for id in state.steps if id not in before])


def reconcile(store: TaskStore, queue: Queue) -> None:
    """Hands out what the clock or a death has made due, and ends what is overdue, for every running task."""
    for task_id in store.running():
        if store.change(task_id, lambda state: end_overdue(state, time.time())) is not None:
            log.warning("task_overdue", task=task_id)
        else:
            _dispatch_again(store, queue, task_id)
            dispatch(store, queue, task_id)


def _dispatch_again(store: TaskStore, queue: Queue, task_id: str) -> None:
    before: dict[str, int] = {}

    def change(state: TaskState) -> list[Event] | None:
        before.clear()
        before.update({id: record.tries for id, record in state.steps.items()})
        return hand_out_again(state, time.time())

    state = store.change(task_id, change)
    if state is not None:
        _enqueue(queue, state, [id for id, record in state.steps.items() if record.tries > before[id]])


def _enqueue(queue: Queue, state: TaskState, ids: list[str]) -> None:
    for id in ids:
        with suppress(DuplicateJobError):
            enqueue(queue, state.id, id, state.steps[id].tries, state.budget.seconds)
