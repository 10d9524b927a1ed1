"""Real stacks for tests: `mle-star up` as a user starts it, in a home of its own, on a free port."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx

Found = TypeVar("Found")


@dataclass
class Stack:
    """A stack that runs: its address, its supervisor, its folder."""

    url: str
    process: subprocess.Popen[str]
    home: Path
    environment: dict[str, str]

    def post(self, **body: Any) -> httpx.Response:
        return httpx.post(f"{self.url}/tasks", json=body, timeout=60)

    def task(self, id: str) -> dict[str, Any]:
        answer: dict[str, Any] = httpx.get(f"{self.url}/tasks/{id}", timeout=30).raise_for_status().json()
        return answer

    def wait(self, id: str, seconds: float = 120) -> dict[str, Any]:
        """The task when it has ended."""
        return until(lambda: found if (found := self.task(id))["status"] != "running" else None, seconds)

    def processes(self, words: str) -> list[int]:
        """Descendants of the supervisor whose command has these words, the oldest first."""
        return [pid for pid in descendants(self.process.pid) if words in command_of(pid)]


@contextmanager
def running_stack(home: Path, **environment: str) -> Iterator[Stack]:
    """Starts one, waits until it is ready, and ends it as Ctrl-C does."""
    bind = f"127.0.0.1:{free_port()}"
    known = {name: value for name, value in os.environ.items() if not name.startswith("MLE_STAR_")}
    environment = {**known, "MLE_STAR_HOME": str(home), "MLE_STAR_BIND": bind, **environment}
    command = [str(Path(sys.executable).with_name("mle-star")), "up"]
    process = subprocess.Popen(command, env=environment, cwd=home.parent, stdout=subprocess.PIPE, text=True)
    stack = Stack(f"http://{bind}", process, home, environment)
    try:
        until(lambda: _ready(stack), 90)
        yield stack
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)


def _ready(stack: Stack) -> bool:
    assert stack.process.poll() is None, f"the stack ended as it started: {stack.process.communicate()[0]}"
    try:
        return httpx.get(f"{stack.url}/readyz", timeout=5).is_success
    except httpx.TransportError:
        return False


def until(look: Callable[[], Found | None], seconds: float = 60) -> Found:
    """What `look` finds as soon as it finds something; fails the test when it does not in time."""
    limit = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < limit, f"it did not come about in {seconds:.0f} s"
        time.sleep(0.1)
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def descendants(pid: int) -> list[int]:
    """Every living process below this one."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue  # it has ended meanwhile
    found, new = [], [pid]
    while new:
        new = sorted(child for child, parent in parents.items() if parent in new)
        found += new
    return found


def command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""
