"""What the kernel says of processes, read below an open procfs; where there is none (macOS), nothing."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from typing import NamedTuple

PAGE = os.sysconf("SC_PAGE_SIZE")
CLOCK = os.sysconf("SC_CLK_TCK")
PSS = re.compile(rb"^Pss: +(\d+) kB", re.MULTILINE)


class Process(NamedTuple):
    """`cpu_seconds` is its own and that of the children it has reaped; `started` is in clock ticks since boot."""

    pid: int
    parent: int
    session: int
    threads: int
    cpu_seconds: float
    started: int
    resident_bytes: int


def processes(procfs: int) -> list[Process]:
    """Every process that the procfs open as `procfs` shows, zombies left out."""
    numbers = (int(name) for name in os.listdir(procfs) if name.isdecimal())
    return [process for number in numbers if (process := _process(procfs, number))]


def _process(procfs: int, pid: int) -> Process | None:
    try:
        stat = _read(procfs, f"{pid}/stat")
    except OSError:
        return None
    # the command in brackets may hold anything, brackets too
    fields = stat[stat.rindex(b")") + 2 :].split()
    if fields[0] in {b"Z", b"X"}:
        return None
    return Process(
        pid=pid,
        parent=int(fields[1]),
        session=int(fields[3]),
        threads=int(fields[17]),
        cpu_seconds=sum(map(int, fields[11:15])) / CLOCK,
        started=int(fields[19]),
        resident_bytes=int(fields[21]) * PAGE,
    )


def memory_bytes(procfs: int, of: list[Process]) -> int:
    """The memory that they hold together; what they share counts once. Slow where they are large."""
    return sum(_proportional_bytes(procfs, process) for process in of)


def _proportional_bytes(procfs: int, process: Process) -> int:
    """Its memory, with its part of what it shares; all of it where the kernel does not tell, 0 if it is gone."""
    try:
        pss = PSS.search(_read(procfs, f"{process.pid}/smaps_rollup"))
    except (FileNotFoundError, PermissionError):
        return process.resident_bytes if _is_there(procfs, process) else 0
    except OSError:
        return 0
    return int(pss[1]) << 10 if pss else 0


def mentions(procfs: int, pid: int, folder: str) -> bool:
    """Whether the process was started with `folder` in its environment or its arguments."""
    with suppress(OSError):
        return any(os.fsencode(folder) in _read(procfs, f"{pid}/{file}") for file in ("environ", "cmdline"))
    return False


def _is_there(procfs: int, process: Process) -> bool:
    with suppress(OSError):
        os.stat(str(process.pid), dir_fd=procfs)
        return True
    return False


def _read(procfs: int, name: str) -> bytes:
    file = os.open(name, os.O_RDONLY | os.O_CLOEXEC, dir_fd=procfs)
    with os.fdopen(file, "rb") as opened:
        return opened.read()
