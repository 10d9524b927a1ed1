"""The private folder of Unix sockets that the inner services listen on."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import tempfile
from pathlib import Path

from mle_star.api.errors import StackError

LONGEST_PATH = 100  # bytes; the kernel's own limit is 104 to 108
_LONGEST_NAME = "planner-gateway.sock"


def make_socket_folder(home: Path) -> Path:
    """An empty folder that only this user can enter, the same for the same home. Raises StackError."""
    name = f"mle-star-{hashlib.sha256(os.fsencode(home.absolute())).hexdigest()[:10]}"
    for base in _bases():
        folder = base / name
        if len(os.fsencode(folder / _LONGEST_NAME)) < LONGEST_PATH and _make_private(folder):
            return folder
    raise StackError("no folder for sockets: set XDG_RUNTIME_DIR or TMPDIR to a short path that you can write to")


def _bases() -> list[Path]:
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    return [*([Path(runtime)] if runtime else []), Path(tempfile.gettempdir()), Path("/tmp")]  # noqa: S108


def _make_private(folder: Path) -> bool:
    """Whoever else made a folder of this name, in a place that all may write to, is not trusted."""
    try:
        if folder.is_symlink() or folder.exists():
            if folder.lstat().st_uid != os.geteuid() or not stat.S_ISDIR(folder.lstat().st_mode):
                return False
            shutil.rmtree(folder)
        folder.mkdir(mode=0o700)
    except OSError:
        return False
    return True
