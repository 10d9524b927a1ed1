"""Boxes as plain processes: for bare machines and macOS. This is no isolation.

What it does not hold:
- a program reads and writes whatever the service's user may, labels included, and has the network;
- it can kill the service, and what hides from its session, its parent and its environment outlives it;
- memory and processes: counted every 50 ms, and the kernel holds no bound behind that;
- disk: one file is bounded, the folder is measured now and then; what is written elsewhere is not seen;
- where there is no /proc (macOS): memory and processes are not watched at all.
What it does hold: a clean environment, time, output, and, where there is /proc, memory, processes and their end.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import structlog

from mle_star.service.errors import UnavailableError
from mle_star.tasks.execution import ExecutionRequest
from mle_star_sandbox.backends.base import Backend, Box, ProcessBox
from mle_star_sandbox.limits import environment, start_command
from mle_star_sandbox.processes import Process, mentions, processes

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
PROCFS = "/proc"
BLOCK = 4096
KILL_SECONDS = 10.0

log = structlog.get_logger()


class SubprocessBox(ProcessBox):
    """Its processes are those of its session and those that descend from it."""

    def __init__(self, process: subprocess.Popen[bytes], output: int, folder: Path) -> None:
        self.process = process
        self.output = output
        self.folder = folder
        self.procfs = os.open(PROCFS, FOLDER) if Path(PROCFS, "self").exists() else -1
        self.working = os.open(folder / "working", FOLDER)
        self._started = 0
        self._written = 0
        self._measure_at = 0.0
        try:
            self.wait_until_ready()
            self._started = next((process.started for process in self.processes()), 0)
        except BaseException:
            self.kill()
            process.wait()
            self.close()
            raise

    def processes(self) -> list[Process]:
        if self.procfs < 0:
            return []
        return _family(processes(self.procfs), self.process.pid)

    def written_bytes(self) -> int:
        """Measured as often as it costs little."""
        started = time.monotonic()
        if started >= self._measure_at:
            self._written = _written_bytes(self.folder / "working") + _written_bytes(self.folder / "tmp")
            now = time.monotonic()
            self._measure_at = now + 10 * (now - started)
        return self._written

    def kill(self) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        if self.procfs >= 0:
            kill_all(self.procfs, self.folder, self.process.pid, self._started)

    def close(self) -> None:
        if self.process.stdin is not None:
            self.process.stdin.close()
        for file in (self.output, self.working, self.procfs):
            if file >= 0:
                os.close(file)


class Subprocess(Backend):
    name = "subprocess"
    isolated = False

    def start(self, folder: Path, request: ExecutionRequest) -> Box:
        limits = request.limits
        for inside in (folder / "input").rglob("*"):
            if inside.is_dir():
                inside.chmod(0o555)
        (folder / "tmp").mkdir()
        read_output, write_output = os.pipe()
        program = [sys.executable, "solution.py", *request.arguments]
        try:
            process = subprocess.Popen(
                start_command(limits, program, count_processes=False),
                stdin=subprocess.PIPE,
                stdout=write_output,
                stderr=write_output,
                cwd=folder,
                env=environment(limits, str(folder / "tmp")),
                start_new_session=True,
            )
        except OSError as error:
            os.close(read_output)
            raise UnavailableError(f"a box did not start: {error}") from error
        finally:
            os.close(write_output)
        return SubprocessBox(process, read_output, folder)


def kill_all(procfs: int, folder: Path, first: int = 0, since: int = 0) -> None:
    """Kills the family of `first`, and all started `since` that mention `folder`, until none is left."""
    deadline = time.monotonic() + KILL_SECONDS
    while time.monotonic() < deadline:
        everyone = processes(procfs)
        found = {process.pid for process in _family(everyone, first)} if first else set()
        young = (process.pid for process in everyone if process.started >= since and process.pid != os.getpid())
        found |= {pid for pid in young if mentions(procfs, pid, f"{folder}/")}
        if not found:
            return
        for pid in found:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.001)  # a killed process takes a moment to be gone
    log.error("processes_left", folder=str(folder))


def _family(everyone: list[Process], first: int) -> list[Process]:
    """Those of the session that `first` leads, and all that descend from one of them."""
    family = {process.pid for process in everyone if process.session == first} | {first}
    grows = True
    while grows:
        below = {process.pid for process in everyone if process.parent in family} - family
        family |= below
        grows = bool(below)
    return [process for process in everyone if process.pid in family]


def _written_bytes(folder: Path) -> int:
    """The disk that the folder's files take, a block at least each; what is gone or closed to us counts nothing."""
    total, waiting = 0, [str(folder)]
    while waiting:
        with suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                with suppress(OSError):
                    total += max(BLOCK, entry.stat(follow_symlinks=False).st_blocks * 512)
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
    return total
