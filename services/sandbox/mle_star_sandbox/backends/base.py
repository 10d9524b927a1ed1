"""What every backend does: it makes boxes that stand and wait, so that the host can take hold of them first."""

from __future__ import annotations

import os
import selectors
import subprocess
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

from mle_star.service.errors import UnavailableError
from mle_star.tasks.execution import Limits
from mle_star_sandbox.cgroups import Cgroup
from mle_star_sandbox.limits import READY
from mle_star_sandbox.processes import Process

START_SECONDS = 20.0


class Box(ABC):
    """One program that is ready to start. The thread that made it must live as long as it does.

    `output` is the read end of the pipe that standard output and error share; `working` is the open folder
    `working/`, good to read from after the end as well; `procfs` shows the processes of `processes`. `cgroup` counts
    and bounds them where there is one.
    """

    process: subprocess.Popen[bytes]
    output: int
    working: int
    procfs: int
    cgroup: Cgroup | None = None

    def wait_until_ready(self) -> None:
        """Returns when the box stands. Raises UnavailableError with what it said instead."""
        said, deadline = b"", time.monotonic() + START_SECONDS
        with selectors.DefaultSelector() as selector:
            selector.register(self.output, selectors.EVENT_READ)
            while not said.startswith(READY):
                if not selector.select(deadline - time.monotonic()):
                    raise UnavailableError(f"a box did not start within {START_SECONDS:.0f} s")
                if not (data := os.read(self.output, 4096)):
                    why = said.decode(errors="replace").strip() or "it said nothing"
                    raise UnavailableError(f"a box did not start: {why}")
                said += data

    def go(self) -> None:
        """Starts the program."""
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):
            self.process.stdin.write(b"go\n")
            self.process.stdin.close()

    def has_ended(self) -> bool:
        """Whether the program's first process is gone; it stays a zombie, so that no other takes its number."""
        ended = os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        return ended is not None

    def reap(self) -> int:
        """The exit code of a box after `kill`; 128 and the signal's number, where the program died of one."""
        code = self.process.wait()
        return 128 - code if code < 0 else code

    @abstractmethod
    def processes(self) -> list[Process]:
        """Every process of the box, now; none where the platform does not tell."""

    @abstractmethod
    def written_bytes(self) -> int:
        """The disk that its files take, now."""

    @abstractmethod
    def kill(self) -> None:
        """Ends every process of the box, and returns when none is left. No error where none is."""

    @abstractmethod
    def close(self) -> None:
        """Gives back what the host holds of a box that was reaped, or that never started."""


class Backend(ABC):
    """`isolated`: whether what lies outside a box is hidden from the program in it."""

    name: ClassVar[str]
    isolated: ClassVar[bool]

    @abstractmethod
    def start(self, folder: Path, arguments: list[str], limits: Limits) -> Box:
        """Makes a box of a laid-out folder, whose `solution.py` starts with `arguments` at `go`.

        Raises UnavailableError where that cannot be done.
        """
