"""An RQ worker that also reconciles: it hands out again what the clock or a death has made due."""

from __future__ import annotations

import threading
import time

import structlog
from redis.exceptions import RedisError
from rq import Worker
from rq.serializers import JSONSerializer

from mle_star.config import Settings
from mle_star.service.telemetry import start_log
from mle_star_orchestrator import jobs
from mle_star_orchestrator.dispatch import reconcile
from mle_star_orchestrator.store import TaskStore, connect
from mle_star_orchestrator.transport import connect_queue

RECONCILE_SECONDS = 0.5
LOCK = "mle-star:reconciler"
log = structlog.get_logger()


def main() -> None:
    settings = Settings.load()
    start_log("worker", settings.log_level)
    url = settings.redis_url
    threading.Thread(target=_reconcile_for_ever, args=(url,), daemon=True).start()
    queue = connect_queue(url)
    worker = Worker([queue], connection=queue.connection, serializer=JSONSerializer, log_job_description=False)
    log.info("worker_started", job=jobs.run_step.__name__)
    worker.work(logging_level="WARNING")


def _reconcile_for_ever(url: str) -> None:
    structlog.contextvars.bind_contextvars(service="worker")  # a new thread starts with nothing bound
    redis, queue = connect(url), connect_queue(url)
    store = TaskStore(redis)
    while True:
        time.sleep(RECONCILE_SECONDS / 2)
        try:
            if redis.set(LOCK, "held", nx=True, px=int(RECONCILE_SECONDS * 1000)):
                reconcile(store, queue)
        except RedisError as error:
            log.warning("reconcile_failed", error=str(error))
        except Exception:
            log.exception("reconcile_crashed")


if __name__ == "__main__":
    main()
