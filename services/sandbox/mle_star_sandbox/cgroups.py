"""A control group for each box, where the service may make one: the kernel counts and bounds the box as a whole.

Groups are made below the service's own, so that what bounds the service bounds its boxes too. Version 2 divides no
group that has processes of its own: there, a plain user's are made beside it, where systemd lets users do so.
"""

from __future__ import annotations

import os
import re
import signal
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

import structlog

from mle_star.tasks.execution import Limits, Outcome

PREFIX = "mle-star-"
PERIOD = 100_000  # microseconds, in which a box has `cores` times as many
REMOVE_SECONDS = 5.0

log = structlog.get_logger()


class Cgroup(ABC):
    """The group of one box. `folders` are its own, by controller; version 2 has all in one."""

    def __init__(self, folders: dict[str, Path], limits: Limits) -> None:
        self._folders = folders
        try:
            for folder in set(folders.values()):
                folder.mkdir()
            self._bound(limits)
        except OSError:
            self.remove()
            raise

    @property
    def folders(self) -> set[Path]:
        return set(self._folders.values())

    def add(self, pid: int) -> None:
        """Puts one process in; what it starts from now on is in too."""
        for folder in self.folders:
            (folder / "cgroup.procs").write_text(str(pid))

    def broken(self) -> Outcome | None:
        """The bound that made the kernel act."""
        if self._number("memory", self._oom_file, "oom_kill"):
            return Outcome.OUT_OF_MEMORY
        return Outcome.PROCESS_LIMIT if self._number("pids", "pids.events", "max") else None

    def remove(self) -> None:
        """To be called when none of its processes is left; the kernel takes a moment to let go of the last."""
        for folder in self.folders:
            _remove(folder)

    _oom_file: ClassVar[str]

    @abstractmethod
    def cpu_seconds(self) -> float:
        """What all its processes took, the dead ones too."""

    @abstractmethod
    def peak_memory_bytes(self) -> int | None:
        """The most that they held at once, files in memory among it; None where the kernel does not tell."""

    @abstractmethod
    def _bound(self, limits: Limits) -> None:
        """Writes the bounds."""

    def _number(self, controller: str, file: str, key: str) -> int:
        found = re.search(rf"^{key} (\d+)$", (self._folders[controller] / file).read_text(), re.MULTILINE)
        return int(found[1]) if found else 0

    def _write(self, controller: str, **values: object) -> None:
        for name, value in values.items():
            (self._folders[controller] / f"{controller}.{name}").write_text(str(value))


class CgroupV1(Cgroup):
    _oom_file = "memory.oom_control"

    def cpu_seconds(self) -> float:
        return int((self._folders["cpuacct"] / "cpuacct.usage").read_text()) / 1e9

    def peak_memory_bytes(self) -> int | None:
        return int((self._folders["memory"] / "memory.max_usage_in_bytes").read_text())

    def _bound(self, limits: Limits) -> None:
        self._write("memory", limit_in_bytes=limits.memory_bytes, swappiness=0)
        with suppress(FileNotFoundError):  # a kernel that does not count swap
            (self._folders["memory"] / "memory.memsw.limit_in_bytes").write_text(str(limits.memory_bytes))
        self._write("pids", max=limits.processes)
        self._write("cpu", cfs_period_us=PERIOD, cfs_quota_us=limits.cores * PERIOD)


class CgroupV2(Cgroup):
    _oom_file = "memory.events"

    def cpu_seconds(self) -> float:
        return self._number("cpu", "cpu.stat", "usage_usec") / 1e6

    def peak_memory_bytes(self) -> int | None:
        with suppress(FileNotFoundError):  # since Linux 5.19
            return int((self._folders["memory"] / "memory.peak").read_text())
        return None

    def _bound(self, limits: Limits) -> None:
        self._write("memory", max=limits.memory_bytes)
        with suppress(FileNotFoundError):  # a kernel without swap
            (self._folders["memory"] / "memory.swap.max").write_text("0")
        self._write("pids", max=limits.processes)
        with suppress(FileNotFoundError):  # systemd gives users no hold of the cores before version 252
            self._write("cpu", max=f"{limits.cores * PERIOD} {PERIOD}")


class Cgroups:
    """Where groups of boxes can be made: `parents` by controller."""

    def __init__(self, version: type[Cgroup], parents: dict[str, Path]) -> None:
        self._version = version
        self._parents = parents

    def divide(self) -> None:
        """Lets groups below have bounds of their own, which version 2 wants to be told. Raises OSError."""
        if self._version is CgroupV2:
            control = self._parents["memory"] / "cgroup.subtree_control"
            if missing := {"memory", "pids"} - set(control.read_text().split()):
                control.write_text(" ".join(f"+{name}" for name in missing))

    def make(self, folder: Path, limits: Limits) -> Cgroup:
        """The group of the box that is made of `folder`. Raises OSError where it cannot be made."""
        name = f"{PREFIX}{folder.parent.name}-{folder.name}"
        return self._version({controller: parent / name for controller, parent in self._parents.items()}, limits)

    def sweep(self, service: Path) -> None:
        """Removes the groups of the boxes of a service that was killed, by its folder, and whatever is left in them."""
        for parent in set(self._parents.values()):
            for left in parent.glob(f"{PREFIX}{service.name}-*"):
                for pid in map(int, (left / "cgroup.procs").read_text().split()):
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                _remove(left)


def find_cgroups(root: Path = Path("/sys/fs/cgroup"), process: Path = Path("/proc/self")) -> Cgroups | None:
    """Groups of boxes as far as this service may make them; None where it may not."""
    with suppress(OSError):
        lines = (process / "cgroup").read_text().splitlines()
        own = dict(line.split(":", 2)[1:] for line in lines)
        for groups in (_version_1(root, own), *_version_2(root, own)):
            if groups is not None and _can_be_made(groups):
                return groups
    return None


def _remove(folder: Path) -> None:
    deadline = time.monotonic() + REMOVE_SECONDS
    while folder.exists():
        try:
            folder.rmdir()
        except OSError as error:
            if time.monotonic() > deadline:
                log.error("cgroup_left", folder=str(folder), why=str(error))
                return
            time.sleep(0.001)


def _version_1(root: Path, own: dict[str, str]) -> Cgroups | None:
    """`own`: the service's groups by the controllers of each hierarchy, as in /proc/self/cgroup."""
    parents = {
        controller: root / hierarchy / path.lstrip("/")
        for hierarchy, path in own.items()
        for controller in hierarchy.split(",")
        if controller in {"memory", "pids", "cpu", "cpuacct"}
    }
    return Cgroups(CgroupV1, parents) if len(parents) == 4 else None


def _version_2(root: Path, own: dict[str, str]) -> list[Cgroups]:
    if "" not in own:
        return []
    mine = root / own[""].lstrip("/")
    parents = [mine] if os.geteuid() == 0 or mine == root else [mine, mine.parent]
    return [Cgroups(CgroupV2, dict.fromkeys(("memory", "pids", "cpu"), parent)) for parent in parents]


def _can_be_made(groups: Cgroups) -> bool:
    try:
        groups.divide()
        groups.make(Path(f"trial-{os.getpid()}", os.urandom(4).hex()), Limits()).remove()
    except OSError:
        return False
    return True
