"""Tasks in Redis: a document each, and the stream of events that tells of it. One script changes both."""

from __future__ import annotations

import json
from collections.abc import Callable

from redis import Redis
from redis.exceptions import RedisError

from mle_star.service.errors import NotFoundError, UnavailableError
from mle_star_orchestrator.workflow.state import Event, TaskState

RUNNING = "mle-star:running"
TASKS = "mle-star:tasks"

# KEYS: document, events, running set, all tasks. ARGV: expected version, new document, id, 1 if final, time, events…
_WRITE = """
local version = tonumber(redis.call('HGET', KEYS[1], 'version') or '0')
if version ~= tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'version', version + 1, 'document', ARGV[2])
for i = 6, #ARGV do redis.call('XADD', KEYS[2], '*', 'event', ARGV[i]) end
if ARGV[4] == '1' then redis.call('SREM', KEYS[3], ARGV[3]) else redis.call('SADD', KEYS[3], ARGV[3]) end
redis.call('ZADD', KEYS[4], 'NX', ARGV[5], ARGV[3])
return 1
"""

Change = Callable[[TaskState], list[Event] | None]


def connect(url: str) -> Redis:
    """A client whose answers are text; a command that gets no answer in 10 s raises."""
    return Redis.from_url(url, decode_responses=True, socket_timeout=10, socket_connect_timeout=5)


class TaskStore:
    """Reads and changes tasks. Every change is compare-and-set on the document's version."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._write = redis.register_script(_WRITE)

    def create(self, state: TaskState, events: list[Event]) -> None:
        if not self._put(state, 0, events):
            raise ValueError(f"there is a task {state.id} already")

    def load(self, id: str) -> TaskState:
        """Raises NotFoundError."""
        return self._load(id)[0]

    def change(self, id: str, change: Change) -> TaskState | None:
        """Applies the change to the newest state until it is written; None where the change says None."""
        while True:
            state, version = self._load(id)
            if (events := change(state)) is None:
                return None
            if self._put(state, version, events):
                return state

    def running(self) -> list[str]:
        return sorted(str(id) for id in self._redis.smembers(RUNNING))

    def newest(self, count: int) -> list[str]:
        return [str(id) for id in self._redis.zrevrange(TASKS, 0, count - 1)]

    def events(self, id: str) -> list[Event]:
        entries: list[tuple[str, dict[str, str]]] = self._redis.xrange(f"mle-star:events:{id}")  # type: ignore[assignment]
        return [Event.model_validate_json(fields["event"]) for _, fields in entries]

    def ping(self) -> None:
        """Raises UnavailableError."""
        try:
            self._redis.ping()
        except RedisError as error:
            raise UnavailableError(f"Redis: {error}") from error

    def _load(self, id: str) -> tuple[TaskState, int]:
        version, document = self._redis.hmget(f"mle-star:task:{id}", "version", "document")
        if document is None:
            raise NotFoundError(f"there is no task {id!r}; `mle-star status` lists those there are")
        return TaskState.model_validate_json(document), int(version or 0)

    def _put(self, state: TaskState, version: int, events: list[Event]) -> bool:
        keys = [f"mle-star:task:{state.id}", f"mle-star:events:{state.id}", RUNNING, TASKS]
        final = "1" if state.status.final else "0"
        told = [json.dumps(event.model_dump(mode="json")) for event in events]
        values = [str(version), state.model_dump_json(), state.id, final, str(state.accepted), *told]
        return bool(self._write(keys=keys, args=values))
