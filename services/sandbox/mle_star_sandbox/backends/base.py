"""What every backend does: it makes boxes that stand and wait, so that the host can take hold of them first."""

from __future__ import annotations

import os
import selectors
import subprocess
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path
from typing import ClassVar, Protocol

from mle_star.service.errors import UnavailableError
from mle_star.tasks.execution import ExecutionRequest, Outcome
from mle_star_sandbox.limits import READY
from mle_star_sandbox.processes import Process

START_SECONDS = 20.0
CHUNK = 64 << 10


class Counts(Protocol):
    """What somebody else counts and bounds: the kernel for a cgroup, a container's first process for a container."""

    def broken(self) -> Outcome | None:
        """The bound that was broken."""

    def cpu_seconds(self) -> float | None: ...

    def peak_memory_bytes(self) -> int | None: ...


class Box(ABC):
    """One program that is ready to start. The thread that made it must live as long as it does.

    `output` is the file to wait on for `read`; `working` is an open folder with what is to be collected, good to read
    from after the end; `procfs` shows the processes of `processes`. Where there are `counts`, nobody need watch those.
    """

    output: int
    working: int
    procfs: int
    counts: Counts | None = None

    @abstractmethod
    def go(self) -> None:
        """Starts the program."""

    @abstractmethod
    def read(self) -> bytes | None:
        """What it printed by now, empty where that is nothing; None after the end of all output. Never waits."""

    @abstractmethod
    def has_ended(self) -> bool:
        """Whether the program's first process is gone."""

    @abstractmethod
    def reap(self) -> int:
        """The exit code of a box after `kill`; 128 and the signal's number, where the program died of one."""

    @abstractmethod
    def processes(self) -> list[Process]:
        """Every process of the box, now; none where the platform does not tell."""

    def inherited_bytes(self, of: list[Process]) -> int:
        """The part of their memory, as far as it is theirs in proportion, that the program was given."""
        return 0

    @abstractmethod
    def written_bytes(self) -> int:
        """The disk that its files take, now."""

    @abstractmethod
    def kill(self) -> None:
        """Ends every process of the box, and returns when none is left. No error where none is."""

    @abstractmethod
    def close(self) -> None:
        """Gives back what the host holds of a box that was reaped, or that never started."""


class ProcessBox(Box):
    """A box whose program is a child of this process, behind the shell of `start_command`, and prints to a pipe."""

    process: subprocess.Popen[bytes]

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
        os.set_blocking(self.output, False)

    def go(self) -> None:
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):
            self.process.stdin.write(b"go\n")
            self.process.stdin.close()

    def read(self) -> bytes | None:
        with suppress(BlockingIOError):
            return os.read(self.output, CHUNK) or None
        return b""

    def has_ended(self) -> bool:
        """It stays a zombie until it is reaped, so that no other takes its number."""
        ended = os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        return ended is not None

    def reap(self) -> int:
        code = self.process.wait()
        return 128 - code if code < 0 else code


class Backend(ABC):
    """`isolated`: whether what lies outside a box is hidden from the program in it."""

    name: ClassVar[str]
    isolated: ClassVar[bool]

    @abstractmethod
    def start(self, folder: Path, request: ExecutionRequest) -> Box:
        """Makes a box of the folder that was laid out for the request; its program starts at `go`.

        Raises UnavailableError where that cannot be done.
        """

    def warm_up(self) -> None:  # noqa: B027
        """Prepares, while the service starts, what lets programs begin sooner."""

    def sweep(self) -> None:  # noqa: B027
        """Called every now and then: removes what is past its deadline, mends what was killed."""

    def close(self) -> None:  # noqa: B027
        """Ends what it keeps for its boxes."""
