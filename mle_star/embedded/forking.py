"""A Python module run in a fork of this process, so that what many of them import is imported once."""

from __future__ import annotations

import ctypes
import gc
import importlib
import os
import runpy
import signal
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, NoReturn

SHARED_IMPORTS = ("uvicorn", "mle_star.service.app", "mle_star_orchestrator.jobs", "mle_star_orchestrator.app")
_OUR_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)


def import_what_children_share() -> None:
    """A module that is missing will be told of by the child that needs it."""
    for name in SHARED_IMPORTS:
        with suppress(ImportError):
            importlib.import_module(name)


class ForkedModule:
    """`python -m MODULE ARGUMENTS`, with as much of subprocess.Popen as a supervisor needs.

    To be made in the main thread of a process that has no other. `first` is called first in the new process.
    """

    def __init__(
        self,
        name: str,
        words: Sequence[str],
        *,
        folder: Path,
        environment: Mapping[str, str],
        first: Callable[[], None],
    ) -> None:
        reader, writer = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            gc.freeze()  # objects of the parent must not close, when they are collected, what is opened here
            first()
            _become(name, words, folder, environment, writer)
        os.close(writer)
        self.stdout: IO[bytes] = os.fdopen(reader, "rb", buffering=0)
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """The exit code, or minus the signal that ended it; None while it runs."""
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def terminate(self) -> None:
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        self._send(signal.SIGKILL)

    def _send(self, signum: signal.Signals) -> None:
        if self.poll() is None:
            os.kill(self.pid, signum)


def _become(name: str, words: Sequence[str], folder: Path, environment: Mapping[str, str], output: int) -> NoReturn:
    """Sheds all that is the parent's, and ends without returning into its frames."""
    code: object = 1
    try:
        signal.set_wakeup_fd(-1)
        for signum in _OUR_SIGNALS:
            signal.signal(signum, signal.default_int_handler if signum == signal.SIGINT else signal.SIG_DFL)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        _name_process(name, " ".join(words))
        module, *sys.argv[1:] = words
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as ending:
        code = ending.code
    except BaseException:
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(code if isinstance(code, int) else int(code is not None))


def _name_process(name: str, command: str) -> None:
    """What `top` and `ps` show: the short name, and the command in place of the parent's, as far as it has room."""
    with suppress(OSError, ValueError):
        Path("/proc/self/comm").write_text(name[:15], encoding="utf-8")
        fields = Path("/proc/self/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        start, end = int(fields[45]), int(fields[46])  # arg_start and arg_end of proc(5)
        room = end - start
        if room > 0:
            ctypes.memmove(start, command.encode()[: room - 1].ljust(room, b"\0"), room)
