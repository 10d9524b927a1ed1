"""A client's way to the stack: the one that runs, or else a new one that outlives the client for a while."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from typing import IO

from mle_star import __version__
from mle_star.api.errors import StackError
from mle_star.config import Settings
from mle_star.embedded.environment import environment
from mle_star.embedded.home import FileLock, Home, StackState, is_locked, try_lock

COMMAND = (sys.executable, "-m", "mle_star.embedded")
LINGER_SECONDS = 60
START_SECONDS = 90.0
_LOOK_SECONDS = 0.03


@dataclass
class StackLease:
    """A stack that stays at least until `release`."""

    url: str
    started: bool
    _lock: FileLock

    def release(self) -> None:
        self._lock.release()


async def lease_stack(settings: Settings) -> StackLease:
    """Reuses the stack of this home, or starts one and waits until it is ready. Raises StackError."""
    home = Home(settings.home.absolute()).create()
    lock = await _client_lock(home)
    try:
        started = False
        if (state := home.state()) is None:
            state, started = await _start(settings, home)
        if state.version != __version__:
            wrong = f"the stack that runs (process {state.pid}) is version {state.version}, this is {__version__}"
            raise StackError(f"{wrong}: end it, then try again")
    except BaseException:
        lock.release()
        raise
    return StackLease(state.url, started, lock)


async def _client_lock(home: Home) -> FileLock:
    """Waits while a stack that nobody needed ends."""
    limit = time.monotonic() + START_SECONDS
    while (lock := try_lock(home.clients_lock, shared=True)) is None:
        if time.monotonic() > limit:
            raise StackError(f"a stack for {home.folder} is ending and does not get done: see {home.folder / 'logs'}")
        await asyncio.sleep(_LOOK_SECONDS)
    return lock


async def _start(settings: Settings, home: Home) -> tuple[StackState, bool]:
    """Starts a stack unless somebody else just did, and waits for it; says whether it was we."""
    limit = time.monotonic() + START_SECONDS
    starter: subprocess.Popen[bytes] | None = None
    with tempfile.TemporaryFile() as said:
        while (state := home.state()) is None:
            if starter is None and not is_locked(home.stack_lock):
                starter = _spawn(settings, said)
            elif starter is not None and starter.poll() is not None and not is_locked(home.stack_lock):
                raise StackError(_last_line(said) or f"the stack ended as it started: see {home.folder / 'logs'}")
            if time.monotonic() > limit:
                raise StackError(f"the stack was not ready in {START_SECONDS:.0f} s: see {home.folder / 'logs'}")
            await asyncio.sleep(_LOOK_SECONDS)
    return state, starter is not None and starter.poll() is None


def _spawn(settings: Settings, said: IO[bytes]) -> subprocess.Popen[bytes]:
    """A process of its own session: closing the client's terminal is not its end."""
    command = [*COMMAND, "--linger", str(LINGER_SECONDS)]
    if "bind" not in settings.model_fields_set:
        command.append("--may-move")
    return subprocess.Popen(
        command,
        cwd=settings.home.absolute(),
        env=environment(settings),
        stdin=subprocess.DEVNULL,
        stdout=said,
        stderr=said,
        start_new_session=True,
    )


def _last_line(said: IO[bytes]) -> str:
    said.seek(0)
    lines = said.read().decode("utf-8", "replace").split("\n")
    errors = [line for line in lines if line.startswith("error: ")]
    return (
        errors[-1].removeprefix("error: ") if errors else next((line for line in reversed(lines) if line.strip()), "")
    )
