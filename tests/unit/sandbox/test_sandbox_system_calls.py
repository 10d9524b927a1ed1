"""The filter, run by a small machine of our own."""

from __future__ import annotations

import errno
import json
import struct
from importlib.resources import files

import pytest
from mle_star_sandbox.system_calls import ALLOW, AUDIT_MACHINES, KILL, REFUSE, seccomp_filter

CALLS = json.loads(files("mle_star_sandbox").joinpath("system_calls.json").read_text())
DENIED = {name: numbers for reason in CALLS["denied"].values() for name, numbers in reason.items()}
NEW_USER_NAMESPACE, THREAD = 0x10000000, 0x003D0F00
VSOCK, ALG, UNIX, INET6 = 40, 38, 1, 10


def _answer(machine: str, number: int, argument: int = 0, audit: int | None = None) -> int:
    """What the kernel would do with the call."""
    program = seccomp_filter(machine)
    assert program is not None
    data = struct.pack("<iIQ6Q", number, audit or AUDIT_MACHINES[machine], 0, argument, *[0] * 5)
    steps = [struct.unpack_from("<HBBI", program, at) for at in range(0, len(program), 8)]
    at = loaded = 0
    while True:
        code, if_true, if_false, value = steps[at]
        at += 1
        if code == 0x20:
            (loaded,) = struct.unpack_from("<I", data, value)
        elif code == 0x06:
            return int(value)
        else:
            true = {0x15: loaded == value, 0x25: loaded > value, 0x45: bool(loaded & value)}[code]
            at += if_true if true else if_false


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_each_denied_call_is_refused(machine: str) -> None:
    column = CALLS["machines"].index(machine)
    numbers = {numbers[column] for numbers in DENIED.values()} - {None}
    assert {_answer(machine, number) for number in numbers} == {REFUSE | errno.EPERM}
    others = set(range(CALLS["newest_known"] + 1)) - numbers
    others -= {CALLS[name][column] for name in ("clone", "socket")} | {CALLS["absent"]["clone3"][column]}
    assert {_answer(machine, number) for number in others} == {ALLOW}
    for newer in (CALLS["newest_known"] + 1, 0x40000000 | 39, 0xFFFFFFFF):
        assert _answer(machine, newer - (1 << 32) if newer >> 31 else newer) == REFUSE | errno.ENOSYS
    assert _answer(machine, CALLS["absent"]["clone3"][column]) == REFUSE | errno.ENOSYS


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_calls_that_are_looked_into(machine: str) -> None:
    column = CALLS["machines"].index(machine)
    clone, socket = CALLS["clone"][column], CALLS["socket"][column]
    assert _answer(machine, clone, THREAD) == ALLOW
    assert _answer(machine, clone, THREAD | NEW_USER_NAMESPACE) == REFUSE | errno.EPERM
    for family in (UNIX, INET6):
        assert _answer(machine, socket, family) == ALLOW
    for family in (VSOCK, ALG, 17, 3, 0):
        assert _answer(machine, socket, family) == REFUSE | errno.EAFNOSUPPORT
    # the kernel reads no more than the low word
    assert _answer(machine, socket, VSOCK | 1 << 32) == REFUSE | errno.EAFNOSUPPORT


def test_calls_of_another_machine_end_the_program() -> None:
    i386 = 0x40000003
    assert _answer("x86_64", 20, audit=i386) == KILL
    assert seccomp_filter("riscv64") is None
