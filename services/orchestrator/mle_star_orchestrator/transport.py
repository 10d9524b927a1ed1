"""RQ, the transport: it carries the names of steps to workers, and the truth stays in the store."""

from __future__ import annotations

from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

QUEUE = "mle-star"
STEP = "mle_star_orchestrator.jobs.run_step"


def connect_queue(url: str) -> Queue:
    """RQ's own connection: it wants bytes, and blocking reads without a socket timeout."""
    return Queue(QUEUE, connection=Redis.from_url(url), serializer=JSONSerializer)


def enqueue(queue: Queue, task_id: str, step_id: str, tries: int, timeout: float) -> None:
    """Puts a step in; the same try of a step only once. `timeout` in seconds is the last net, far beyond our own."""
    queue.enqueue(
        STEP,
        task_id,
        step_id,
        job_id=f"{task_id}-{step_id}-{tries}",
        unique=True,
        job_timeout=int(timeout) + 60,
        result_ttl=0,
        failure_ttl=3600,
        ttl=None,
    )
