"""Taking results out of a box that is dead: regular files only, never by a link, and no more than is allowed."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path, PurePosixPath

import structlog

from mle_star.artifacts import ArtifactStore
from mle_star.tasks.artifact import Artifact

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# without O_NONBLOCK the opening of a FIFO would wait for ever
FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

log = structlog.get_logger()


def collect(working: int, names: list[str], limit: int, store: ArtifactStore) -> dict[str, Artifact]:
    """Stores those of `names` that are there; a file that would pass `limit` bytes in all is left out, and logged."""
    collected: dict[str, Artifact] = {}
    left = limit
    for name in names:
        file = _open(working, PurePosixPath(name))
        if file is None:
            continue
        try:
            status = os.fstat(file)
            # a second name may be a hard link to a file that is not the program's own
            if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
                log.warning("result_refused", name=name, why="not a regular file of one name")
            elif status.st_size > left:
                log.warning("result_refused", name=name, why=f"{status.st_size} bytes, and {left} are left")
            else:
                collected[name] = store.put_file(Path(f"/dev/fd/{file}"), name)
                left -= status.st_size
        finally:
            os.close(file)
    return collected


def _open(working: int, path: PurePosixPath) -> int | None:
    """Walks down without following any link; None where there is nothing to be had."""
    folder = os.dup(working)
    try:
        with suppress(OSError):
            for part in path.parts[:-1]:
                below = os.open(part, FOLDER, dir_fd=folder)
                os.close(folder)
                folder = below
            return os.open(path.name, FILE, dir_fd=folder)
        return None
    finally:
        os.close(folder)
