"""Keeps a list of child processes alive, and ends them in order."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from mle_star.api.errors import StackError
from mle_star.embedded.forking import ForkedModule
from mle_star.embedded.log import StackLog
from mle_star.embedded.processes import die_with_parent, kill_descendants

CRASHES = 5
CRASH_SECONDS = 60.0
FIRST_DELAY_SECONDS = 0.2
READY_SECONDS = 60.0
REMIND_SECONDS = 1.2  # rq takes a second SIGTERM for real only when a second has passed since the first

Probe = Callable[[], Awaitable[bool]]
Process = subprocess.Popen[bytes] | ForkedModule


@dataclass(frozen=True)
class Child:
    """A process to keep alive. `ready` says whether it can do its work; without one it is ready at once.

    On Linux `python -m …` is not started anew but forked from the supervisor, which has imported most of it.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    ready: Probe | None = None
    stop_seconds: float = 8.0

    @property
    def is_forked(self) -> bool:
        return sys.platform == "linux" and tuple(self.command[:2]) == (sys.executable, "-m")


@dataclass
class _Running:
    child: Child
    process: Process


class Supervisor:
    """Starts stages in order (each waits until the one before it is ready) and ends them in reverse."""

    def __init__(self, stages: Sequence[Sequence[Child]], folder: Path, log: StackLog) -> None:
        self._stages = stages
        self._folder = folder
        self._log = log
        self._running: dict[str, _Running] = {}
        self._keepers: list[asyncio.Task[None]] = []
        self._end: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._child_ended = asyncio.Event()

    def stop(self, why: str) -> None:
        """Lets `run` end everything and return."""
        if not self._end.done():
            self._log.write("stack", "stopping", why=why)
            self._end.set_result(None)

    async def run(self, on_ready: Callable[[], None]) -> None:
        """Starts all, says so, and returns when all has ended after `stop`.

        Raises StackError, with everything ended, when a child does not get ready or crashes time and again.
        """
        asyncio.get_running_loop().add_signal_handler(signal.SIGCHLD, self._note_end)
        starting = asyncio.create_task(self._start())
        try:
            await asyncio.wait([starting, self._end], return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                starting.result()
                on_ready()
            await self._end
        finally:
            starting.cancel()
            for keeper in self._keepers:
                keeper.cancel()
            await self._stop_all()

    async def _start(self) -> None:
        for stage in self._stages:
            for child in stage:
                self._keepers.append(asyncio.create_task(self._keep(child)))
            await asyncio.gather(*(self._until_ready(child) for child in stage))

    async def _until_ready(self, child: Child) -> None:
        if child.ready is None:
            return
        limit = time.monotonic() + READY_SECONDS
        while not await child.ready():
            if time.monotonic() > limit:
                raise StackError(f"{child.name} was not ready in {READY_SECONDS:.0f} s: see {self._log.file}")
            await asyncio.sleep(0.03)

    async def _keep(self, child: Child) -> None:
        """Starts the child, and again whenever it ends, with a growing delay; gives up after five in a minute."""
        crashes: deque[float] = deque(maxlen=CRASHES)
        while True:
            running = await self._spawn(child)
            code = await self._exit_code(running.process)
            kill_descendants(spare=self._alive())
            crashes.append(time.monotonic())
            recent = [when for when in crashes if when > crashes[-1] - CRASH_SECONDS]
            self._log.write("stack", "child_crashed", "error", child=child.name, exit_code=code, recent=len(recent))
            if len(recent) == CRASHES:
                said = f"{child.name} crashed {CRASHES} times within a minute: see {self._log.file}"
                if not self._end.done():
                    self._end.set_exception(StackError(said))
                return
            await asyncio.sleep(FIRST_DELAY_SECONDS * 2 ** (len(recent) - 1))

    async def _spawn(self, child: Child) -> _Running:
        process = _start_process(child, self._folder)
        self._running[child.name] = running = _Running(child, process)
        self._log.write("stack", "child_started", child=child.name, pid=process.pid)
        await self._log.follow(child.name, process.stdout)
        return running

    async def _stop_all(self) -> None:
        """Stage by stage, the last one first; what does not end in its time is killed, with all that it started."""
        for stage in reversed(self._stages):
            here = [running for child in stage if (running := self._running.get(child.name))]
            await asyncio.gather(*(self._stop(one) for one in here))
            kill_descendants(spare=self._alive())
        self._log.write("stack", "stopped")

    async def _stop(self, running: _Running) -> None:
        process, limit = running.process, time.monotonic() + running.child.stop_seconds
        while process.poll() is None:
            if time.monotonic() > limit:
                self._log.write("stack", "child_killed", "warning", child=running.child.name)
                process.kill()
            else:
                process.terminate()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._exit_code(process), REMIND_SECONDS)

    async def _exit_code(self, process: Process) -> int:
        while (code := process.poll()) is None:
            await self._child_ended.wait()
        return code

    def _note_end(self) -> None:
        """Wakes all who wait for the end of a child; each looks whether it is its own."""
        self._child_ended.set()
        self._child_ended = asyncio.Event()

    def _alive(self) -> set[int]:
        return {running.process.pid for running in self._running.values() if running.process.poll() is None}


def _start_process(child: Child, folder: Path) -> Process:
    tie = die_with_parent(signal.SIGKILL)
    if child.is_forked:
        words = child.command[2:]
        return ForkedModule(child.name, words, folder=folder, environment=child.environment, first=tie)
    return subprocess.Popen(
        child.command,
        cwd=folder,
        env=dict(child.environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        preexec_fn=tie,  # noqa: PLW1509 - no thread runs in this process
    )
