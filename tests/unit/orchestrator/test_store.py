"""Tasks in a real Redis: compare-and-set, events, and what is handed out to a real queue."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from mle_star_orchestrator.dispatch import dispatch, reconcile
from mle_star_orchestrator.store import TaskStore, connect
from mle_star_orchestrator.transport import connect_queue
from mle_star_orchestrator.workflow.record import cancel
from mle_star_orchestrator.workflow.state import Budget, Event, TaskState
from rq import Queue

from mle_star.service.errors import NotFoundError
from mle_star.tasks.task import Status, TaskRequest
from tests.redis_servers import redis_server


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with redis_server() as url:
        yield url


@pytest.fixture
def store(server: str) -> TaskStore:
    redis = connect(server)
    redis.flushall()
    return TaskStore(redis)


@pytest.fixture
def queue(server: str) -> Queue:
    return connect_queue(server)


def new_state(id: str = "t", accepted: float = 0, seconds: float = 1e12) -> TaskState:
    budget = Budget(seconds=seconds, strategies=3, iterations=1, cores=2, execution_seconds=60, memory_bytes=1 << 30)
    return TaskState(id=id, request=TaskRequest(competition="small"), budget=budget, accepted=accepted)


def test_a_task_comes_back_as_it_was_put_in(store: TaskStore) -> None:
    state = new_state()
    store.create(state, [Event(at=1.0, event="accepted")])
    assert store.load("t") == state
    assert [event.event for event in store.events("t")] == ["accepted"]
    assert store.running() == ["t"]


def test_no_two_tasks_share_an_id(store: TaskStore) -> None:
    store.create(new_state(), [])
    with pytest.raises(ValueError, match="a task t already"):
        store.create(new_state(), [])


def test_an_unknown_task_is_not_found(store: TaskStore) -> None:
    with pytest.raises(NotFoundError, match="no task 'nobody'"):
        store.load("nobody")


def test_changes_by_many_at_once_all_count(store: TaskStore) -> None:
    store.create(new_state(), [])

    def add_one(state: TaskState) -> list[Event]:
        state.accepted += 1
        return [Event(at=0, event="added")]

    threads = [threading.Thread(target=lambda: [store.change("t", add_one) for _ in range(20)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.load("t").accepted == 80
    assert len(store.events("t")) == 80, "an event for each change that was written, and for no other"


def test_a_task_that_has_ended_runs_no_more(store: TaskStore) -> None:
    store.create(new_state("old", accepted=1), [])
    store.create(new_state("new", accepted=2), [])
    store.change("old", lambda state: cancel(state, 1.0))
    assert store.running() == ["new"]
    assert store.newest(10) == ["new", "old"]


def test_a_step_is_put_into_the_queue_once(store: TaskStore, queue: Queue) -> None:
    store.create(new_state(), [])
    dispatch(store, queue, "t")
    dispatch(store, queue, "t")
    assert queue.job_ids == ["t-intake-1"]


def test_the_reconciler_hands_out_what_was_lost(store: TaskStore, queue: Queue) -> None:
    store.create(new_state(), [])
    dispatch(store, queue, "t")
    queue.empty()

    def long_ago(state: TaskState) -> list[Event]:
        state.steps["intake"].due = 0
        return []

    store.change("t", long_ago)
    reconcile(store, queue)
    assert queue.job_ids == ["t-intake-2"]


def test_the_reconciler_ends_what_is_overdue(store: TaskStore, queue: Queue) -> None:
    store.create(new_state(seconds=10), [])
    reconcile(store, queue)
    assert store.load("t").status is Status.FAILED
    assert store.running() == []
