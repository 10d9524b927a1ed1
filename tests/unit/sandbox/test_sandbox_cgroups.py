from __future__ import annotations

from pathlib import Path

import pytest
from mle_star_sandbox.cgroups import CgroupV1, CgroupV2, find_cgroups

from mle_star.tasks.execution import Limits, Outcome

LIMITS = Limits(memory_bytes=1 << 30, processes=40, cores=2)


def _v1(folder: Path) -> CgroupV1:
    return CgroupV1({name: folder / name / "box" for name in ("memory", "pids", "cpu", "cpuacct")}, LIMITS)


def _v2(folder: Path) -> CgroupV2:
    return CgroupV2(dict.fromkeys(("memory", "pids", "cpu"), folder / "box"), LIMITS)


@pytest.fixture
def hierarchies(tmp_path: Path) -> Path:
    for name in ("memory", "pids", "cpu", "cpuacct"):
        (tmp_path / name).mkdir()
    return tmp_path


def test_version_1_is_bounded_and_read(hierarchies: Path) -> None:
    group = _v1(hierarchies)
    memory, pids = hierarchies / "memory/box", hierarchies / "pids/box"
    assert (memory / "memory.limit_in_bytes").read_text() == str(1 << 30)
    assert (memory / "memory.memsw.limit_in_bytes").read_text() == str(1 << 30), "no swap beside it"
    assert (pids / "pids.max").read_text() == "40"
    assert (hierarchies / "cpu/box/cpu.cfs_quota_us").read_text() == "200000"
    group.add(17)
    assert all((hierarchies / name / "box/cgroup.procs").read_text() == "17" for name in ("memory", "pids", "cpuacct"))
    (hierarchies / "cpuacct/box/cpuacct.usage").write_text("1500000000\n")
    (memory / "memory.max_usage_in_bytes").write_text("4096\n")
    assert (group.cpu_seconds(), group.peak_memory_bytes()) == (1.5, 4096)
    (memory / "memory.oom_control").write_text("oom_kill_disable 0\nunder_oom 0\noom_kill 0\n")
    (pids / "pids.events").write_text("max 0\n")
    assert group.broken() is None
    (pids / "pids.events").write_text("max 3\n")
    assert group.broken() is Outcome.PROCESS_LIMIT
    (memory / "memory.oom_control").write_text("oom_kill_disable 0\nunder_oom 0\noom_kill 1\n")
    assert group.broken() is Outcome.OUT_OF_MEMORY


def test_version_2_is_bounded_and_read(tmp_path: Path) -> None:
    group, box = _v2(tmp_path), tmp_path / "box"
    names = ("memory.max", "memory.swap.max", "pids.max", "cpu.max")
    assert [(box / name).read_text() for name in names] == [str(1 << 30), "0", "40", "200000 100000"]
    assert group.peak_memory_bytes() is None, "as before Linux 5.19"
    (box / "cpu.stat").write_text("usage_usec 2500000\nuser_usec 1\nsystem_usec 1\n")
    assert group.cpu_seconds() == 2.5
    (box / "memory.events").write_text("low 0\nhigh 0\nmax 9\noom 1\noom_kill 1\n")
    assert group.broken() is Outcome.OUT_OF_MEMORY


@pytest.mark.parametrize("lines", ["0::/user.slice/shell.scope\n", "0::/\n", "3:memory:/\n2:pids:/\n", ""])
def test_none_where_none_may_be_made(tmp_path: Path, lines: str) -> None:
    (tmp_path / "cgroup").write_text(lines)
    assert find_cgroups(tmp_path / "no hierarchies", tmp_path) is None
