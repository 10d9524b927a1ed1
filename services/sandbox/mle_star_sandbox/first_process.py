"""The first process of a container: it lays the box out, runs the program as a user of its own, hands out the results.

Its text is given to the container's Python by `-c`, so it needs nothing but the standard library. It starts as root
with the rights to become another user and to signal one, and no other. Standard input: a line of JSON, the files that
it names, then `go`, and `stop` where the program is to end early. Standard output is the program's. On standard error,
which the program never has, it writes `ready`, and at the end a line of JSON and the results. It exits as the program
did.

No program can reach it: without capabilities, another user's process can be neither signalled nor traced.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import select
import signal
import stat
import sys
import traceback
from base64 import b64decode
from contextlib import suppress
from typing import IO, Any

BOX = "/box"
WRITABLE = ("/box/working", "/tmp", "/dev/shm")  # noqa: S108
CGROUP = "/sys/fs/cgroup"
COUNTERS = {
    "out_of_memory": (("memory/memory.oom_control", "memory.events"), b"oom_kill"),
    "process_limit": (("pids/pids.events", "pids.events"), b"max"),
}
PEAKS = ("memory/memory.max_usage_in_bytes", "memory.peak")
INODE_BYTES = 1024  # what an empty file takes of the kernel's memory, about
OPEN_FILES = 1024
PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 22, 2
TICK_SECONDS = 0.05
CHUNK = 1 << 20
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def main() -> None:
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    order = _lay_out()
    _say(b"ready\n")
    # not through a buffer, where a `stop` could hide
    if os.read(0, 3) != b"go\n":
        return
    program = _start(order)
    broken, exit_code = _wait(program, woken, order["disk_bytes"])
    exit_code = _end_all(program, exit_code)
    _hand_out(order, broken or _broken_bound())
    os._exit(exit_code)


def _lay_out() -> dict[str, Any]:
    with os.fdopen(0, "rb", closefd=False) as given:
        order: dict[str, Any] = json.loads(given.readline())
        os.mkdir(f"{BOX}/input")  # noqa: PTH102
        for name, size in order["files"]:
            path = f"{BOX}/{name}"
            os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120
            with open(path, "xb") as file:  # noqa: PTH123
                _copy(given, file, size)
            os.chmod(path, 0o444)  # noqa: PTH101
    return order


def _copy(given: IO[bytes], file: IO[bytes], size: int) -> None:
    while size:
        data = given.read(min(size, CHUNK))
        if not data:
            sys.exit("the files did not come whole")
        file.write(data)
        size -= len(data)


def _start(order: dict[str, Any]) -> int:
    program = os.fork()
    if program:
        return program
    try:
        for number in (signal.SIGCHLD, signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        with open("/proc/self/oom_score_adj", "w") as score:  # noqa: PTH123
            score.write("1000")  # if one has to go, it is not the first process
        os.setsid()
        os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
        os.dup2(1, 2)
        os.closerange(3, OPEN_FILES)
        for limit, bound in (
            (resource.RLIMIT_CORE, 0),
            (resource.RLIMIT_NOFILE, OPEN_FILES),
            (resource.RLIMIT_FSIZE, order["disk_bytes"]),
        ):
            resource.setrlimit(limit, (bound, bound))
        become(order["user"])
        os.chdir(BOX)
        if machine_filter := order["filters"].get(os.uname().machine):
            filter_calls(b64decode(machine_filter))
        os.execve(sys.executable, [sys.executable, "solution.py", *order["arguments"]], order["environment"])  # noqa: S606
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(127)


def filter_calls(steps: bytes) -> None:
    """For this process and all that it starts; on top of what the engine filters."""

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_char_p))

    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(Program(len(steps) // 8, steps))):
        raise OSError(ctypes.get_errno(), "the kernel takes no filter of system calls")


def become(user: int) -> None:
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)


def _wait(program: int, woken: int, disk_bytes: int) -> tuple[str | None, int | None]:
    """The bound that was broken, if any, and how the program ended by itself, if it did."""
    while True:
        ready, _, _ = select.select([0, woken], [], [], TICK_SECONDS)
        if woken in ready:
            os.read(woken, 4096)
        if (exit_code := _reap(program)) is not None:
            return None, exit_code
        if 0 in ready:
            return None, None
        if _written_bytes() >= disk_bytes:
            return "disk_full", None
        if broken := _broken_bound():
            return broken, None


def _reap(program: int) -> int | None:
    """Takes every dead process; the exit code of the program, if it is among them, 128 and the number for a signal."""
    exit_code = None
    with suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            if pid == program:
                exit_code = 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
    return exit_code


def _end_all(program: int, exit_code: int | None) -> int:
    """Ends all processes but this one, and returns when none is left."""
    with suppress(ProcessLookupError):
        while True:
            os.kill(-1, signal.SIGKILL)
            ended = _reap(program)
            exit_code = ended if exit_code is None else exit_code
            select.select([], [], [], 0.001)
    return 137 if exit_code is None else exit_code


def _hand_out(order: dict[str, Any], broken: str | None) -> None:
    """By a process of the program's own user, which may read what the program made."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    told: dict[str, Any] = {
        "broken": broken,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "peak_memory_bytes": _peak_bytes(),
    }
    reader = os.fork()
    if reader == 0:
        try:
            become(order["user"])
            files, left = {}, order["collect_bytes"]
            for name in order["collect"]:
                file = _open_result(name)
                # a second name may be a hard link to a file that is not the program's own
                if file is not None and _is_plain(status := os.fstat(file)) and status.st_size <= left:
                    files[name] = (file, status.st_size)
                    left -= status.st_size
            told["files"] = [[name, size] for name, (_, size) in files.items()]
            _say(json.dumps(told).encode() + b"\n")
            for file, size in files.values():
                _say_file(file, size)
        finally:
            os._exit(0)
    os.waitpid(reader, 0)


def _open_result(name: str) -> int | None:
    """Walks down without following any link; None where there is nothing to be had."""
    folder = os.open(WRITABLE[0], FOLDER)
    *above, last = [part for part in name.split("/") if part not in {"", "."}]
    try:
        for part in above:
            folder = os.open(part, FOLDER, dir_fd=folder)
        return os.open(last, FILE, dir_fd=folder)
    except OSError:
        return None


def _is_plain(status: os.stat_result) -> bool:
    return stat.S_ISREG(status.st_mode) and status.st_nlink == 1


def _say_file(file: int, size: int) -> None:
    while size and (data := os.read(file, min(size, CHUNK))):
        _say(data)
        size -= len(data)


def _say(data: bytes) -> None:
    while data:
        data = data[os.write(2, data) :]


def _written_bytes() -> int:
    total = 0
    for folder in WRITABLE:
        used = os.statvfs(folder)
        total += (used.f_blocks - used.f_bfree) * used.f_frsize + (used.f_files - used.f_ffree) * INODE_BYTES
    return total


def _broken_bound() -> str | None:
    """The bound that made the kernel act; by the container's cgroup, of either version."""
    for broken, (files, counter) in COUNTERS.items():
        for line in _cgroup_lines(files):
            name, _, number = line.partition(b" ")
            if name == counter and number.strip() != b"0":
                return broken
    return None


def _peak_bytes() -> int | None:
    return next((int(line) for line in _cgroup_lines(PEAKS)), None)


def _cgroup_lines(files: tuple[str, ...]) -> list[bytes]:
    """Of the first of the files that is there."""
    for name in files:
        with suppress(OSError), open(f"{CGROUP}/{name}", "rb") as file:  # noqa: PTH123
            return file.readlines()
    return []


if __name__ == "__main__":
    main()
