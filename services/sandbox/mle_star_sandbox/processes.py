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
    found = []
    for name in os.listdir(procfs):
        if name.isdecimal() and (stat := _read(procfs, f"{name}/stat")):
            # the command in brackets may hold anything, brackets too
            fields = stat[stat.rindex(b")") + 2 :].split()
            if fields[0] not in b"ZX":
                found.append(
                    Process(
                        pid=int(name),
                        parent=int(fields[1]),
                        session=int(fields[3]),
                        threads=int(fields[17]),
                        cpu_seconds=sum(map(int, fields[11:15])) / CLOCK,
                        started=int(fields[19]),
                        resident_bytes=int(fields[21]) * PAGE,
                    )
                )
    return found


def memory_bytes(procfs: int, of: list[Process]) -> int:
    """The memory that they hold together; what they share counts once. Slow where they are large."""
    total = 0
    for process in of:
        pss = PSS.search(_read(procfs, f"{process.pid}/smaps_rollup"))
        total += int(pss[1]) << 10 if pss else process.resident_bytes
    return total


def mentions(procfs: int, pid: int, folder: str) -> bool:
    """Whether the process was started with `folder` in its environment."""
    return os.fsencode(folder) in _read(procfs, f"{pid}/environ")


def _read(procfs: int, name: str) -> bytes:
    """Nothing, if the process is gone or not ours to look into."""
    with suppress(OSError):
        file = os.open(name, os.O_RDONLY | os.O_CLOEXEC, dir_fd=procfs)
        with os.fdopen(file, "rb") as opened:
            return opened.read()
    return b""
