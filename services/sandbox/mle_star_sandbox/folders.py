"""The folders on the host that boxes are made of. None outlives its service for long, not even a killed one."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import structlog

log = structlog.get_logger()


class Folders:
    """One private folder a service, locked while it lives; folders whose lock is free are swept at the start."""

    def __init__(self, parent: Path, on_sweep: Callable[[Path], None]) -> None:
        """`on_sweep` is told of each folder that a killed service left, before it is removed."""
        parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        starting = os.open(parent, os.O_RDONLY)
        try:
            fcntl.flock(starting, fcntl.LOCK_EX)
            for left in parent.iterdir():
                _sweep(left, on_sweep)
            self._path = Path(tempfile.mkdtemp(prefix="service-", dir=parent))
            self._lock = os.open(self._path, os.O_RDONLY)
            fcntl.flock(self._lock, fcntl.LOCK_EX)
        finally:
            os.close(starting)

    def make(self) -> Path:
        folder = Path(tempfile.mkdtemp(prefix="box-", dir=self._path))
        folder.chmod(0o755)  # inside a box that runs as another user, this is its own folder
        return folder

    def close(self) -> None:
        remove(self._path)
        os.close(self._lock)


def remove(folder: Path) -> None:
    """Removes all of it, however deep and whatever its modes."""
    with suppress(RecursionError):
        shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        # Python's own walk gives up on depth, and on folders that were closed to it
        subprocess.run(["chmod", "-R", "u+rwx", "--", folder], check=False, stderr=subprocess.DEVNULL)
        subprocess.run(["rm", "-rf", "--", folder], check=False, stderr=subprocess.DEVNULL)
    if folder.exists():
        log.error("folder_left", folder=str(folder))


def _sweep(folder: Path, on_sweep: Callable[[Path], None]) -> None:
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        log.warning("folder_swept", folder=str(folder))
        on_sweep(folder)
        remove(folder)
    except BlockingIOError:
        pass  # its service lives
    finally:
        os.close(lock)
