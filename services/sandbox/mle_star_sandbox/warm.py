"""The zygote as the sandbox sees it: a process that may run a program in a box that stands."""

from __future__ import annotations

import json
import resource
import socket
import subprocess
import sys
import threading
from base64 import b64encode
from contextlib import suppress
from pathlib import Path

import structlog

from mle_star.tasks.execution import ExecutionRequest, Limits
from mle_star_sandbox.limits import OPEN_FILES, environment
from mle_star_sandbox.processes import PAGE
from mle_star_sandbox.system_calls import seccomp_filter
from mle_star_sandbox.zygote import ORDER_BYTES, READY

START_SECONDS = 10.0
ROOM = "x" * 1000  # in the zygote's arguments, for those of a program

log = structlog.get_logger()


class Zygote:
    """Starts at once, and is of use when it has imported its stack. May be used by many threads; to be closed."""

    def __init__(self) -> None:
        self._socket, served = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2 * ORDER_BYTES)
        self._socket.settimeout(START_SECONDS)
        self._is_ready = False
        self._starting = threading.Lock()
        with served:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "mle_star_sandbox.zygote", str(served.fileno()), ROOM],
                cwd="/",
                env=environment(Limits(), "/tmp"),  # noqa: S108
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(served.fileno(),),
                start_new_session=True,
            )

    def wait_until_ready(self) -> bool:
        """Waits while it imports; False where it has ended instead, or takes too long."""
        with self._starting, suppress(OSError):
            self._is_ready = self._is_ready or self._socket.recv(len(READY)) == READY
        return self._is_ready

    @property
    def pid(self) -> int:
        return self._process.pid

    def was_killed(self) -> bool:
        return (self._process.poll() or 0) < 0

    def start(
        self, request: ExecutionRequest, user: int | None, processes: int | None, cgroup: list[Path], files: list[int]
    ) -> int | None:
        """Starts the program in the box of `files`: its init, its output and the input of its shell.

        `processes` bounds those of its user, where that is another than any other box's.

        False where there is no zygote for it, now or at all: the box is as it was.
        """
        limits = request.limits
        bounds = [
            (resource.RLIMIT_CORE, 0),
            (resource.RLIMIT_NOFILE, OPEN_FILES),
            (resource.RLIMIT_FSIZE, limits.disk_bytes),
            *([(resource.RLIMIT_NPROC, processes)] if processes else []),
        ]
        order = {
            "arguments": request.arguments,
            "environment": environment(limits, "/tmp"),  # noqa: S108
            "cores": limits.cores,
            "rlimits": bounds,
            "user": user,
            "cgroup": [str(folder) for folder in cgroup],
            "filter": b64encode(seccomp_filter() or b"").decode(),
        }
        message = json.dumps(order).encode()
        if len(message) > ORDER_BYTES or not self._is_ready:
            return None
        try:
            socket.send_fds(self._socket, [message], files)
            return _own_bytes(self._process.pid)
        except OSError as error:
            log.warning("no_warm_box", why=str(error))
            return None

    def close(self) -> None:
        self._socket.close()
        self._process.terminate()
        self._process.wait()


def _own_bytes(pid: int) -> int:
    """What a fork of the process has at once: its memory but for what is a file's."""
    with suppress(FileNotFoundError):
        _, resident, shared, *_ = map(int, Path(f"/proc/{pid}/statm").read_text().split())
        return (resident - shared) * PAGE
    return 0
