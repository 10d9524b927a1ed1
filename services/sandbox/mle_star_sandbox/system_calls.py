"""The system calls that no program in a box may make, as a filter for the kernel: one list for every backend.

`system_calls.json` gives each call's number on each machine, null where it is not to be had. Three calls are looked
into: `clone` may make no namespace, `clone3` (whose flags no filter can read) is said to be absent, so that libc falls
back to `clone`, and `socket` gives only families that a network namespace holds: vsock, for one, knows none.
"""

from __future__ import annotations

import errno
import json
import os
import struct
from functools import cache
from importlib.resources import files
from typing import Any

# offsets in the kernel's struct seccomp_data; the first argument's low word, for both machines are little-endian
NUMBER, MACHINE, ARGUMENT = 0, 4, 16
AUDIT_MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
ALLOW, KILL, REFUSE = 0x7FFF0000, 0x80000000, 0x00050000
LOAD, EQUAL, GREATER, ANY_BIT, RETURN = 0x20, 0x15, 0x25, 0x45, 0x06


def seccomp_filter(machine: str | None = None) -> bytes | None:
    """The list as a program of the kernel's packet filter; None for a machine whose calls it does not know."""
    machine = machine or os.uname().machine
    if machine not in AUDIT_MACHINES:
        return None
    calls = _calls()
    column = calls["machines"].index(machine)
    families = calls["socket_families"].values()
    steps = [
        (LOAD, 0, 0, MACHINE),
        (EQUAL, 1, 0, AUDIT_MACHINES[machine]),
        (RETURN, 0, 0, KILL),  # 32-bit calls have numbers of their own
        (LOAD, 0, 0, NUMBER),
        # calls that are newer than this list, and those of x32
        *_when(GREATER, calls["newest_known"], errno.ENOSYS),
    ]
    for names, error in ((_denied(calls), errno.EPERM), (calls["absent"], errno.ENOSYS)):
        for numbers in names.values():
            if (number := numbers[column]) is not None:
                steps += _when(EQUAL, number, error)
    steps += [
        (EQUAL, 0, 4, calls["clone"][column]),
        (LOAD, 0, 0, ARGUMENT),
        *_when(ANY_BIT, sum(calls["namespace_flags"]), errno.EPERM),
        (RETURN, 0, 0, ALLOW),
        (EQUAL, 0, 2 + 2 * len(families), calls["socket"][column]),
        (LOAD, 0, 0, ARGUMENT),
        *(step for family in families for step in ((EQUAL, 0, 1, family), (RETURN, 0, 0, ALLOW))),
        (RETURN, 0, 0, REFUSE | errno.EAFNOSUPPORT),
        (RETURN, 0, 0, ALLOW),
    ]
    return b"".join(struct.pack("<HBBI", *step) for step in steps)


def _when(test: int, value: int, error: int) -> list[tuple[int, int, int, int]]:
    return [(test, 0, 1, value), (RETURN, 0, 0, REFUSE | error)]


def _denied(calls: dict[str, Any]) -> dict[str, list[int | None]]:
    return {name: numbers for reason in calls["denied"].values() for name, numbers in reason.items()}


@cache
def _calls() -> dict[str, Any]:
    """The list, as it lies in the file."""
    calls: dict[str, Any] = json.loads(files("mle_star_sandbox").joinpath("system_calls.json").read_text("utf-8"))
    return calls
