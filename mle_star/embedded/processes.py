"""What ties processes to each other's life, so that none is left behind."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Collection
from contextlib import suppress

import psutil  # type: ignore[import-untyped]

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def adopt_orphans() -> None:
    """From now on a process whose parent dies below us becomes our child instead of leaving the tree (Linux)."""
    if _libc is not None:
        _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def die_with_parent(signum: signal.Signals) -> Callable[[], None]:
    """To be called in a new process: it gets the signal when its parent, who calls this now, dies (Linux)."""
    parent = os.getpid()

    def tie() -> None:
        if _libc is not None:
            _libc.prctl(_PR_SET_PDEATHSIG, int(signum), 0, 0, 0)
            if os.getppid() != parent:  # it died before the line above
                os.kill(os.getpid(), signum)

    return tie


def kill_descendants(*, spare: Collection[int] = ()) -> None:
    """Kills all children of this process but those to be spared, with all that they started, and reaps them.

    Does not touch what a spared child started: that is its own affair.
    """
    me = psutil.Process()
    while strays := [child for child in me.children() if child.pid not in spare]:
        for stray in strays:
            with suppress(psutil.NoSuchProcess):
                for process in [*stray.children(recursive=True), stray]:
                    with suppress(psutil.NoSuchProcess):
                        process.kill()
        for stray in strays:
            with suppress(ChildProcessError):
                os.waitpid(stray.pid, 0)
        time.sleep(0)
