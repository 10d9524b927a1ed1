"""A process above the supervisor: whatever way the supervisor ends, nothing that it started stays behind."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from mle_star.embedded.processes import adopt_orphans, die_with_parent, kill_descendants

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def guard(supervise: Callable[[], int]) -> int:
    """Runs `supervise` in a child process with a group of its own, and returns its exit code.

    Ctrl-C, SIGTERM and SIGHUP reach it as one SIGTERM, so that it alone decides in which order things end; a
    second one kills. If it is killed, all that it started is killed here; if we are killed, it gets a SIGTERM.
    """
    adopt_orphans()
    tie = die_with_parent(signal.SIGTERM)
    with _held_back():
        child = os.fork()
        if child == 0:
            _become_supervisor(tie, supervise)
        _forward_signals(child)
    _, status = os.waitpid(child, 0)
    kill_descendants()
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def _become_supervisor(tie: Callable[[], None], supervise: Callable[[], int]) -> None:
    """Never returns: what the parent was in the middle of is none of the child's business."""
    code = 1
    try:
        os.setsid()  # out of reach of the terminal's own signals
        tie()
        for signum in SIGNALS:  # until the supervisor handles them, it has started nothing
            signal.signal(signum, lambda *_: os._exit(0))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        code = supervise()
    except Exception:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(code)


def _forward_signals(child: int) -> None:
    asked = False

    def forward(_: int, __: FrameType | None) -> None:
        nonlocal asked
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL if asked else signal.SIGTERM)
        asked = True

    for signum in SIGNALS:
        signal.signal(signum, forward)


@contextmanager
def _held_back() -> Iterator[None]:
    """Signals wait until there is somebody to forward them to."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
