"""Boxes of each backend, and a check after each test that nothing of them is left."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from mle_star_sandbox.backends.base import Backend
from mle_star_sandbox.backends.bubblewrap import Bubblewrap
from mle_star_sandbox.executions import Executions, run_in_box
from mle_star_sandbox.folders import Folders
from mle_star_sandbox.trial import choose_backend

from mle_star.artifacts import ArtifactStore
from mle_star.service.errors import UnavailableError
from mle_star.tasks.execution import Execution, ExecutionRequest, Limits

LIMITS = {"seconds": 20.0, "memory_bytes": 512 << 20, "disk_bytes": 64 << 20, "processes": 64}


class Boxes:
    """Runs programs in boxes of one backend. Each gets `token` as an argument, by which its processes are known."""

    def __init__(self, backend: Backend, home: Path) -> None:
        self.backend = backend
        self.store = ArtifactStore(home / "artifacts")
        self.parent = home / "boxes"
        self.folders = Folders(self.parent, lambda _: None)
        self.token = secrets.token_hex(16)

    def request(
        self, code: str, *arguments: str, files: dict[str, bytes] | None = None, **given: Any
    ) -> ExecutionRequest:
        """`given`: fields of Limits, and `collect`."""
        collect = given.pop("collect", [])
        return ExecutionRequest(
            program=self.store.put_bytes("solution.py", code.encode()),
            arguments=[*arguments, self.token],
            files={name: self.store.put_bytes(name, data) for name, data in (files or {}).items()},
            limits=Limits(**{**LIMITS, **given}),
            collect=collect,
        )

    def run(self, code: str, *arguments: str, **given: Any) -> Execution:
        never, end = os.pipe()
        try:
            return run_in_box(self.backend, self.store, self.folders, self.request(code, *arguments, **given), never)
        finally:
            os.close(never)
            os.close(end)

    def executions(self, cores: int = 1) -> Executions:
        return Executions(self.backend, self.store, self.folders, cores)

    def processes(self) -> list[str]:
        """The command lines of those that run."""
        return running(self.token)

    def folders_left(self) -> list[Path]:
        return [box for service in self.parent.iterdir() for box in service.iterdir()]


def running(token: str) -> list[str]:
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = file.read_bytes().decode(errors="replace")
        except OSError:
            continue
        if token in command:
            found.append(command.replace("\0", " "))
    return found


def wait_until(true: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.005)


def containers(service: str) -> list[str]:
    """Those that stand or are left of a service, by its folder's name."""
    command = ["docker", "ps", "-aq", "--filter", f"label=mle-star.service={service}"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.split()
    except FileNotFoundError:
        return []


def bubblewrap_works() -> bool:
    """Whether the plainest box of all starts, without any code of ours."""
    command = ["bwrap", "--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc", "true"]
    return shutil.which("bwrap") is not None and subprocess.run(command, check=False).returncode == 0


def runner_image() -> str:
    """The programs here want the standard library only: where the runner was not built, any image with Python does."""
    images = ("mle-star-runner", "python:3.11-slim")
    with suppress(OSError, StopIteration):
        return next(
            name
            for name in images
            if subprocess.run(["docker", "image", "inspect", name], capture_output=True, check=False).returncode == 0
        )
    return images[0]


@pytest.fixture(
    scope="session",
    params=[
        "bubblewrap",
        pytest.param("bubblewrap, watched", marks=pytest.mark.long),
        "bubblewrap, warm",
        pytest.param("bubblewrap, warm and watched", marks=pytest.mark.long),
        "docker",
        "subprocess",
    ],
)
def backend(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    """`bubblewrap, watched` is bubblewrap where no cgroup may be made, `bubblewrap, warm` with its zygote."""
    name, _, how = request.param.partition(", ")
    home = tmp_path_factory.mktemp("trial")
    folders = Folders(home / "boxes", lambda _: None)
    try:
        chosen, _ = choose_backend(name, ArtifactStore(home / "artifacts"), folders, [home], runner_image())
    except UnavailableError as error:
        if name == "docker":
            pytest.skip(f"NO CONTAINER STARTS HERE, boxes of docker are not tested: {error.detail}")
        if bubblewrap_works():
            pytest.fail(f"bubblewrap works here, and our box does not: {error.detail}")
        pytest.skip(f"NO BOX STARTS HERE, isolation is not tested: {error.detail}")
    finally:
        folders.close()
    if isinstance(chosen, Bubblewrap):
        if "watched" in how:
            chosen.cgroups = None
        if "warm" in how:
            chosen.warm_up()
    yield chosen
    chosen.close()


@pytest.fixture
def boxes(backend: Backend, tmp_path: Path) -> Iterator[Boxes]:
    boxes = Boxes(backend, tmp_path)
    yield boxes
    assert boxes.processes() == []
    assert boxes.folders_left() == []
    (service,) = (folder.name for folder in boxes.parent.iterdir())
    boxes.folders.close()
    assert containers(service) == []
    assert list(boxes.parent.iterdir()) == []
    assert list(Path("/sys/fs/cgroup").glob(f"**/mle-star-{service}-*")) == []
