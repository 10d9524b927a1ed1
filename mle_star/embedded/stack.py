"""The embedded stack: what it is made of, and its life from the lock to the last process."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx

from mle_star import __version__
from mle_star.api.errors import StackError
from mle_star.config import Settings
from mle_star.embedded.address import listen_address
from mle_star.embedded.environment import SECRETS, environment
from mle_star.embedded.forking import import_what_children_share
from mle_star.embedded.guardian import guard
from mle_star.embedded.home import Home, StackState, try_lock
from mle_star.embedded.linger import linger
from mle_star.embedded.log import StackLog
from mle_star.embedded.processes import adopt_orphans
from mle_star.embedded.redis_server import RedisServer, answers_ping, find_redis, record_version
from mle_star.embedded.sockets import make_socket_folder
from mle_star.embedded.supervisor import Child, Supervisor

INNER_SERVICES = ("sandbox", "executor", "verifier", "planner-gateway")

Stages = list[list[Child]]
MakeStages = Callable[[Settings, RedisServer, Path], Stages]


def stack_stages(settings: Settings, redis: RedisServer, sockets: Path) -> Stages:
    """Redis; the inner services; the orchestrator and the workers. Each gets its settings by environment."""
    redis_socket = sockets / "redis.sock"
    shared = environment(settings) | {
        "MLE_STAR_REDIS_URL": f"unix://{redis_socket}",
        **{_url_variable(name): f"unix:{sockets / name}.sock" for name in INNER_SERVICES},
    }
    public = {name: value for name, value in shared.items() if name not in SECRETS}

    def service(name: str, **more: object) -> Child:
        module = f"mle_star_{name.replace('-', '_')}"
        its_own = shared if name == "planner-gateway" else public
        return Child(name, (sys.executable, "-m", module), its_own, **more)  # type: ignore[arg-type]

    worker = (sys.executable, "-m", "mle_star_orchestrator.worker")
    return [
        [
            Child(
                "redis",
                redis.command(Home(settings.home).redis_folder.absolute(), redis_socket),
                public,
                ready=lambda: answers_ping(redis_socket),
            )
        ],
        [service(name) for name in INNER_SERVICES],
        [
            service("orchestrator", ready=_answers_ready(f"http://{settings.bind}")),
            *(Child(f"worker-{n}", worker, public, stop_seconds=3) for n in range(1, settings.cores + 2)),
        ],
    ]


def run_stack(
    settings: Settings,
    *,
    say: Callable[[str], None],
    linger_seconds: float | None = None,
    may_move: bool = False,
    make_stages: MakeStages = stack_stages,
) -> int:
    """Runs the stack until it is told to end, or has been idle for `linger_seconds`; returns an exit code.

    Raises StackError or ConfigError where it cannot start.
    """
    home = Home(settings.home).create()
    lock = try_lock(home.stack_lock)
    if lock is None:
        state = home.state()
        where = f"at {state.url}, process {state.pid}" if state else "and is starting or ending"
        raise StackError(f"a stack runs already for {home.folder} ({where}): use it, or end it first")
    home.forget_state()
    redis = find_redis(home.redis_folder)
    settings = settings.model_copy(update={"bind": listen_address(settings.bind, may_move=may_move)})
    settings.model_fields_set.add("bind")
    sockets = make_socket_folder(home.folder)
    try:
        log = StackLog((settings.logs_dir or home.folder / "logs").absolute() / "stack.log")
        record_version(home.redis_folder, redis)
        say(f"starting with {redis}, state in {home.folder}, log in {log.file}")
        stack = _Stack(settings, home, make_stages(settings, redis, sockets), log, say)
        return guard(lambda: stack.live(linger_seconds))
    except OSError as error:
        raise StackError(f"{error.filename}: {error.strerror}") from error
    finally:
        home.forget_state()
        shutil.rmtree(sockets, ignore_errors=True)
        lock.release()


class _Stack:
    def __init__(
        self, settings: Settings, home: Home, stages: Stages, log: StackLog, say: Callable[[str], None]
    ) -> None:
        self._guardian = os.getpid()
        self._log = log
        self._url = f"http://{settings.bind}"
        self._home = home
        self._stages = stages
        self._say = say

    def live(self, linger_seconds: float | None) -> int:
        if any(child.is_forked for stage in self._stages for child in stage):
            import_what_children_share()
        return asyncio.run(self._run(linger_seconds))

    async def _run(self, linger_seconds: float | None) -> int:
        adopt_orphans()
        supervisor = Supervisor(self._stages, self._home.folder.absolute(), self._log)
        loop = asyncio.get_running_loop()
        for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(signum, supervisor.stop, signal.Signals(signum).name)
        idle = None
        if linger_seconds is not None:
            idle = asyncio.create_task(linger(self._home, self._url, linger_seconds, supervisor.stop))
        try:
            await supervisor.run(self._ready)
        except StackError as error:
            self._log.write("stack", str(error), "error")
            self._say(f"error: {error}")
            return 3
        finally:
            if idle is not None:
                idle.cancel()
        self._say("everything has ended")
        return 0

    def _ready(self) -> None:
        self._home.write_state(StackState(pid=self._guardian, url=self._url, version=__version__))
        self._log.write("stack", "ready", url=self._url)
        self._say(f"ready at {self._url} (the API is described at {self._url}/docs)")


def _answers_ready(url: str) -> Callable[[], Awaitable[bool]]:
    async def ready() -> bool:
        try:
            async with httpx.AsyncClient(verify=False, trust_env=False) as client:  # noqa: S501 - loopback, no TLS
                return (await client.get(f"{url}/readyz", timeout=5)).status_code == 200
        except httpx.HTTPError:
            return False

    return ready


def _url_variable(service: str) -> str:
    return f"MLE_STAR_{service.upper().replace('-', '_')}_URL"
