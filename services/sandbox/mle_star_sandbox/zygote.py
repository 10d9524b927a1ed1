"""An interpreter that has imported the usual stack, and forks: each child goes into a box that stands, for one program.

`python -m mle_star_sandbox.zygote FILE` serves on a Unix socket, started with a box's environment: it holds nothing but
libraries. For each order (JSON, with a box's init, its output and its shell's input as files) it
forks a *keeper*, which joins the box's namespaces; the keeper's child gives up all rights, takes the filter of system
calls, and runs the program; the keeper tells the box's shell how that ended. Where the child cannot come that far, the
shell is told to start the program itself, as in a cold box.

Forking is sound while there are no threads: OpenMP and BLAS start theirs in the child. What starts one when it is
imported (polars, CatBoost) is not imported here.
"""

from __future__ import annotations

import atexit
import ctypes
import gc
import importlib
import json
import os
import resource
import signal
import socket
import sys
import threading
import traceback
from base64 import b64decode
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any, NoReturn

from mle_star_sandbox.first_process import become, filter_calls

ORDER_BYTES = 160 << 10
READY = b"ready"
STACK = (
    "numpy",
    "pandas",
    "pyarrow.parquet",
    "scipy.sparse",
    "scipy.stats",
    "sklearn.compose",
    "sklearn.decomposition",
    "sklearn.ensemble",
    "sklearn.feature_extraction.text",
    "sklearn.linear_model",
    "sklearn.metrics",
    "sklearn.model_selection",
    "sklearn.pipeline",
    "sklearn.preprocessing",
    "lightgbm",
)
HARMLESS_THREAD = "jemalloc_bg_thd"  # it knows of forks
PROGRAM = "/box/solution.py"
# cgroup, uts, ipc, user, pid, net and mount
NAMESPACES = 0x02000000 | 0x04000000 | 0x08000000 | 0x20000000 | 0x40000000 | 0x00020000
USER_NAMESPACE = 0x10000000
PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS = 4, 38
CAPABILITIES_V3 = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True)


def main(served: socket.socket) -> None:
    for name in STACK:
        with suppress(ImportError):
            importlib.import_module(name)
    set_threads = _thread_pools()
    if threads := [name for name in _threads() if name != HARMLESS_THREAD]:
        sys.exit(f"no warm boxes: importing the stack has started threads ({', '.join(threads)})")
    gc.collect()
    gc.freeze()
    if (order := serve(served)) is not None:
        run(order, set_threads)


def serve(served: socket.socket) -> dict[str, Any] | None:
    """Returns the order in the process that is to run its program, and None at the end of all."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # keepers need no funeral
    served.send(READY)
    while True:
        message, files, _, _ = socket.recv_fds(served, ORDER_BYTES, 3)
        if not message:
            return None
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            served.close()
            return _keep(json.loads(message), *files)
        for file in files:
            os.close(file)


def _keep(order: dict[str, Any], init: int, output: int, shell: int) -> dict[str, Any]:
    """Stays until the program has ended, and never returns; but it does in the program's own process."""
    begun, begin = os.pipe()
    word = b"go\n"
    try:
        groups = [os.open(f"{folder}/cgroup.procs", os.O_WRONLY | os.O_CLOEXEC) for folder in order["cgroup"]]
        own = USER_NAMESPACE if os.geteuid() else 0
        _check(_libc.setns(init, NAMESPACES | own), "setns")
        program = os.fork()
        if program == 0:
            _wait_for_groups(begun, begin)
            return _shed(order, output)
        os.close(begun)
        for group in groups:
            os.write(group, str(program).encode())
        os.write(begin, b"x")
        os.close(begin)
        _, status = os.waitpid(program, 0)
        code = 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
        word = f"exit {code}\n".encode()
    except BaseException:
        traceback.print_exc()
    with suppress(BrokenPipeError):  # the box was ended meanwhile
        os.write(shell, word)
    os._exit(0)


def _wait_for_groups(begun: int, begin: int) -> None:
    os.close(begin)
    if not os.read(begun, 1):
        os._exit(1)


def _shed(order: dict[str, Any], output: int) -> dict[str, Any]:
    """Gives up all that a program in a box has not."""
    try:
        os.setsid()
        os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        os.chdir("/box")
        for limit, bound in order["rlimits"]:
            resource.setrlimit(limit, (bound, bound))
        if order["user"] is not None:
            become(order["user"])
        _check(_libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl")
        _drop_capabilities()
        # after a change of user, /proc/self would be closed to the program
        _check(_libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), "prctl")
        if order["filter"]:
            filter_calls(b64decode(order["filter"]))
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    return order


def _drop_capabilities() -> None:
    header = (ctypes.c_uint32 * 2)(CAPABILITIES_V3, 0)
    none = (ctypes.c_uint32 * 6)()
    _check(_libc.capset(header, none), "capset")


def _check(returned: int, call: str) -> None:
    if returned:
        raise OSError(ctypes.get_errno(), f"{call}: {os.strerror(ctypes.get_errno())}")


def _threads() -> list[str]:
    """The names of all but this one."""
    own = str(os.getpid())
    tasks = Path("/proc/self/task").iterdir()
    return [(task / "comm").read_text().strip() for task in tasks if task.name != own]


def run(order: dict[str, Any], set_threads: Callable[[int], object]) -> NoReturn:
    """Runs the program as `python solution.py` would, except that much is imported already."""
    os.environ.clear()
    os.environ.update(order["environment"])
    set_threads(order["cores"])  # what is loaded has read its environment already
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    sys.argv = ["solution.py", *order["arguments"]]
    sys.path[0] = "/box"
    _name_process(f"{sys.executable} solution.py {' '.join(order['arguments'])}")
    module = ModuleType("__main__")
    module.__dict__.update(__file__=PROGRAM, __builtins__=__builtins__)
    sys.modules["__main__"] = module
    sys.excepthook = _tell_error
    try:
        exec(compile(Path(PROGRAM).read_bytes(), PROGRAM, "exec"), module.__dict__)  # noqa: S102
        code = 0
    except SystemExit as ending:
        code = _exit_code(ending)
    except BaseException as error:
        sys.excepthook(type(error), error, error.__traceback__)
        code = 1
    _end(code)


def _thread_pools() -> Callable[[int], object]:
    """Sets the pools of all that is loaded now; to find them takes long, so it is done once."""
    try:
        import threadpoolctl  # noqa: PLC0415
    except ImportError:
        return lambda cores: None
    pools = threadpoolctl.ThreadpoolController()
    return lambda cores: pools.limit(limits=cores)


def _end(code: int) -> NoReturn:
    """As the interpreter ends, without the long work of taking every module apart."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError, ValueError):
            stream.flush()
    os._exit(code)


def _exit_code(ending: SystemExit) -> int:
    if ending.code is None or isinstance(ending.code, int):
        return (ending.code or 0) & 0xFF
    print(ending.code, file=sys.stderr)
    return 1


def _tell_error(kind: type[BaseException], error: BaseException, frames: TracebackType | None) -> None:
    """From the program's own frames on."""
    while frames is not None and frames.tb_frame.f_code.co_filename != PROGRAM:
        frames = frames.tb_next
    sys.__excepthook__(kind, error.with_traceback(frames), frames)


def _name_process(command: str) -> None:
    """What `ps` shows, as far as the zygote's own arguments have room for it."""
    with suppress(OSError, ValueError):
        fields = Path("/proc/self/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        start, end = int(fields[45]), int(fields[46])  # arg_start and arg_end of proc(5)
        room = end - start
        ctypes.memmove(start, os.fsencode(command).replace(b" ", b"\0")[: room - 1].ljust(room, b"\0"), room)


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
