"""Boxes by bubblewrap: namespaces of their own, no network, and nothing to see but what Python needs.

Needs Linux 5.3, bubblewrap 0.5 and user namespaces, or root. What it does not hold:
- where it may make no cgroup, memory and processes are watched every 50 ms, so a program can pass its limit by what it
  fills in that time; its files (in memory, within `disk_bytes`) come beside its `memory_bytes`, and its cores are told
  to thread pools only; with a cgroup the kernel holds all three, files counted as memory;
- system calls: those of `system_calls.json` are refused on x86-64 and 64-bit ARM; elsewhere there is no filter.
"""

from __future__ import annotations

import json
import os
import secrets
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import cache, partial
from pathlib import Path

from mle_star.service.errors import UnavailableError
from mle_star.tasks.execution import ExecutionRequest
from mle_star_sandbox.backends.base import Backend, Box, ProcessBox
from mle_star_sandbox.cgroups import Cgroup, find_cgroups
from mle_star_sandbox.limits import environment, processes_bound, start_command
from mle_star_sandbox.processes import Process, processes
from mle_star_sandbox.system_calls import seccomp_filter
from mle_star_sandbox.warm import Zygote

SYSTEM = ("/usr", "/bin", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache", "/etc/alternatives", "/etc/localtime")
WRITABLE = ("/box/working", "/tmp", "/dev/shm")  # noqa: S108
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
NOBODY = "65534"
BOX_USERS = range(1_900_000_000, 2_000_000_000)  # far from any user of the host
INODE_BYTES = 1024  # what an empty file takes of the kernel's memory, about

StartWarm = Callable[[list[Path], list[int]], int | None]


class BubblewrapBox(ProcessBox):
    """Its first process is the init of a pid namespace: when that is gone, so is every other."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        output: int,
        information: int,
        make_cgroup: Callable[[], Cgroup] | None,
        start_warm: StartWarm | None,
    ) -> None:
        self.process = process
        self.output = output
        self._held: list[int] = [output]
        self._cgroup: Cgroup | None = None
        self._start_warm = start_warm
        self._zygote_bytes = 0
        try:
            self.wait_until_ready()
            init = int(json.loads(os.read(information, 4096))["child-pid"])
            self._init = self._hold(os.pidfd_open(init))
            if make_cgroup is not None:
                self.counts = self._cgroup = make_cgroup()
                # not the init, which no bound of the program's shall end
                self._cgroup.add(int(Path(f"/proc/{init}/task/{init}/children").read_text()))
            # nothing of the program has run yet: these names still mean what we made them mean
            inside = f"/proc/{init}/root"
            self.procfs = self._hold(os.open(f"{inside}/proc", FOLDER))
            self._writable = [self._hold(os.open(f"{inside}{folder}", FOLDER)) for folder in WRITABLE]
            self.working = self._writable[0]
        except BaseException:
            process.kill()
            process.wait()
            self.close()
            raise

    def go(self) -> None:
        """In a fork of the zygote where that can be, which tells the shell when it has ended; else by the shell."""
        assert self.process.stdin is not None
        if self._start_warm is not None:
            groups = [] if self._cgroup is None else list(self._cgroup.folders)
            write_output = os.open(f"/proc/self/fd/{self.output}", os.O_WRONLY | os.O_CLOEXEC)
            try:
                inherited = self._start_warm(groups, [self._init, write_output, self.process.stdin.fileno()])
            finally:
                os.close(write_output)
            if inherited is not None:
                self._zygote_bytes = inherited
                self.process.stdin.close()
                return
        super().go()

    def processes(self) -> list[Process]:
        return processes(self.procfs)

    def inherited_bytes(self, of: list[Process]) -> int:
        """The zygote and the keeper have it too, the init and the shell have not."""
        heirs = max(0, len(of) - 2)
        return self._zygote_bytes * heirs // (heirs + 2)

    def written_bytes(self) -> int:
        total = 0
        for folder in self._writable:
            used = os.fstatvfs(folder)
            total += (used.f_blocks - used.f_bfree) * used.f_frsize + (used.f_files - used.f_ffree) * INODE_BYTES
        return total

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._init, signal.SIGKILL)
        # the end of an init is told only after the kernel has reaped all others
        end = select.poll()
        end.register(self._init, select.POLLIN)
        end.poll()

    def close(self) -> None:
        if self.process.stdin is not None:
            self.process.stdin.close()
        for file in self._held:
            os.close(file)
        self._held = []
        if self._cgroup is not None:
            self._cgroup.remove()

    def _hold(self, file: int) -> int:
        self._held.append(file)
        return file


class Bubblewrap(Backend):
    name = "bubblewrap"
    isolated = True

    def __init__(self, hidden: list[Path]) -> None:
        """`hidden`: folders that no box may see. Raises UnavailableError where one cannot be hidden."""
        if not (sys.platform == "linux" and hasattr(os, "pidfd_open")):
            raise UnavailableError("bubblewrap needs Linux")
        if (bwrap := shutil.which("bwrap")) is None:
            raise UnavailableError("bubblewrap is not installed: install the package `bubblewrap`")
        self._bwrap = bwrap
        self.cgroups = find_cgroups() if Path("/proc/thread-self/children").exists() else None
        self._visible = _visible()
        for folder in hidden:
            if shown := next((path for path in self._visible if folder.resolve().is_relative_to(path)), None):
                raise UnavailableError(f"{folder} lies inside {shown}, which boxes see: keep it elsewhere")
        self.zygote: Zygote | None = None

    def warm_up(self) -> None:
        self.zygote = Zygote()

    def sweep(self) -> None:
        if self.zygote is not None and self.zygote.was_killed():
            self.zygote.close()
            self.zygote = Zygote()

    def close(self) -> None:
        if self.zygote is not None:
            self.zygote.close()

    def start(self, folder: Path, request: ExecutionRequest) -> Box:
        limits = request.limits
        zygote = self.zygote
        if zygote is not None and not zygote.wait_until_ready():
            zygote = None
        user = secrets.choice(BOX_USERS) if os.geteuid() == 0 else None
        read_information, write_information = os.pipe()
        read_output, write_output = os.pipe()
        calls = _system_calls()
        try:
            process = subprocess.Popen(
                self._command(folder, request, user, write_information, calls),
                stdin=subprocess.PIPE,
                stdout=write_output,
                stderr=write_output,
                env=environment(limits, "/tmp"),  # noqa: S108
                pass_fds=(write_information, *calls),
            )
        except OSError as error:
            os.close(read_output)
            os.close(read_information)
            raise UnavailableError(f"a box did not start: {error}") from error
        finally:
            for file in (write_output, write_information, *calls):
                os.close(file)
        try:
            make_cgroup = None if self.cgroups is None else partial(self.cgroups.make, folder, limits)
            bound = processes_bound(limits) if _counts_alone() else None
            start_warm = None if zygote is None else partial(zygote.start, request, user, bound)
            return BubblewrapBox(process, read_output, read_information, make_cgroup, start_warm)
        except OSError as error:
            raise UnavailableError(f"the host cannot take hold of a box: {error}") from error
        finally:
            os.close(read_information)

    def _command(
        self, folder: Path, request: ExecutionRequest, user: int | None, information: int, calls: list[int]
    ) -> list[str]:
        limits = request.limits
        identity, drop = _identity(user)
        tmpfs = _tmpfs(self._bwrap, limits.disk_bytes)
        mounts = [
            *("--proc", "/proc"),
            *("--dev", "/dev"),
            *("--ro-bind", str(folder), "/box"),
            *(word for path in WRITABLE for word in (*tmpfs, path)),
            # after /tmp, for the interpreter may lie in it
            *_folders_above(self._visible),
            *(word for path in self._visible for word in ("--ro-bind", path, path)),
            *("--remount-ro", "/dev"),
            *("--remount-ro", "/"),
        ]
        return [
            self._bwrap,
            *("--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"),
            *identity,
            *("--die-with-parent", "--new-session", "--hostname", "box", "--info-fd", str(information)),
            *(word for file in calls for word in ("--seccomp", str(file))),
            *mounts,
            *("--chdir", "/box", "--"),
            *drop,
            *start_command(
                limits, [sys.executable, "solution.py", *request.arguments], count_processes=_counts_alone()
            ),
        ]


def _system_calls() -> list[int]:
    """The filter of system calls as a file to read from, where there is one for this machine."""
    if (program := seccomp_filter()) is None:
        return []
    file = os.memfd_create("system calls")
    os.write(file, program)
    os.lseek(file, 0, os.SEEK_SET)
    return [file]


def _identity(user: int | None) -> tuple[list[str], list[str]]:
    """bubblewrap's options and the command before the program's that make it `user`, or nobody where that is None."""
    if user is None:
        return ["--unshare-user", "--uid", NOBODY, "--gid", NOBODY], []
    # one user a box: root inside a user namespace would still be root to the host's files
    drop = [
        "setpriv",
        "--reuid",
        str(user),
        "--regid",
        str(user),
        "--clear-groups",
        "--no-new-privs",
        "--inh-caps=-all",
    ]
    return ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"], drop


@cache
def _counts_alone() -> bool:
    """Whether the kernel counts a box's processes apart: always for a user of its own, else since Linux 5.14."""
    major, minor = os.uname().release.split(".")[:2]
    return os.geteuid() == 0 or (int(major), int(minor.split("-")[0])) >= (5, 14)


def _visible() -> list[str]:
    """The paths of the host that a box sees, read-only: the system's programs and the interpreter with its packages."""
    python = [sys.prefix, sys.base_prefix, str(Path(sys.prefix).resolve()), str(Path(sys.base_prefix).resolve())]
    kept: list[str] = []
    for path in (*SYSTEM, *python):
        if Path(path).exists() and not any(Path(path).is_relative_to(above) for above in kept):
            kept.append(path)
    return kept


def _folders_above(paths: list[str]) -> list[str]:
    """Makes the folders above them: bubblewrap's own, made by root, would be closed to the box's user."""
    above = {str(parent) for path in paths for parent in Path(path).parents} - {"/"}
    return [word for folder in sorted(above) for word in ("--perms", "0755", "--dir", folder)]


def _tmpfs(bwrap: str, size: int) -> list[str]:
    """The option for a folder in memory that all may write; before bubblewrap 0.7 the watch alone bounds it."""
    bound = ["--size", str(size)] if "--size" in _help(bwrap) else []
    return ["--perms", "1777", *bound, "--tmpfs"]


@cache
def _help(bwrap: str) -> str:
    return subprocess.run([bwrap, "--help"], capture_output=True, text=True, check=False).stdout
