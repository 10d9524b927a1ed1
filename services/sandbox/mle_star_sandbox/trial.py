"""Choosing a backend by what really starts here, not by what is installed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import structlog
from pydantic import BaseModel

from mle_star.artifacts import ArtifactStore
from mle_star.service.errors import ServiceError, UnavailableError
from mle_star.tasks.execution import ExecutionRequest, Limits, Outcome
from mle_star_sandbox.backends.base import Backend
from mle_star_sandbox.backends.bubblewrap import Bubblewrap
from mle_star_sandbox.backends.docker import Docker
from mle_star_sandbox.backends.subprocess import Subprocess
from mle_star_sandbox.executions import run_in_box
from mle_star_sandbox.folders import Folders

PROGRAM = b"""
import os, socket, sys
from pathlib import Path
assert os.getpid() < 10, "processes outside the box can be seen"
assert [name for _, name in socket.if_nameindex()] == ["lo"], "there is a network"
assert not any(Path(folder).exists() for folder in sys.argv[1:]), "the service's folders can be seen"
assert Path("input/file").read_bytes() == b"in"
Path("working/file").write_bytes(b"out")
"""

log = structlog.get_logger()


class BackendView(BaseModel):
    """`GET /backend`: what programs run in here, and why that and nothing stronger."""

    name: str
    isolated: bool
    why: str


def choose_backend(
    wanted: Literal["auto", "docker", "bubblewrap", "subprocess"],
    store: ArtifactStore,
    folders: Folders,
    hidden: list[Path],
    image: str,
) -> tuple[Backend, BackendView]:
    """`auto` is the first of bubblewrap and docker of which a trial box starts, else subprocess, which hides nothing.

    Raises UnavailableError where one was asked for by name that does not start.
    """
    if wanted == "subprocess":
        return _unsafe("the setting sandbox_backend asks for it")
    makers: dict[str, Callable[[], Backend]] = {
        "bubblewrap": lambda: Bubblewrap(hidden),
        "docker": lambda: Docker(image),
    }
    failures = []
    for name in makers if wanted == "auto" else [wanted]:
        try:
            backend = makers[name]()
            _try(backend, store, folders, hidden)
        except ServiceError as error:
            failures.append(f"{name} does not work here: {error.detail}")
        else:
            why = "a trial box started, with no network"
            return backend, BackendView(name=backend.name, isolated=True, why=why)
    why = "; ".join(failures)
    if wanted != "auto":
        raise UnavailableError(why)
    return _unsafe(why)


def _try(backend: Backend, store: ArtifactStore, folders: Folders, hidden: list[Path]) -> None:
    request = ExecutionRequest(
        program=store.put_bytes("solution.py", PROGRAM),
        arguments=[str(folder) for folder in hidden],
        files={"file": store.put_bytes("file", b"in")},
        collect=["file"],
        limits=Limits(seconds=20),
    )
    never, end = os.pipe()
    try:
        execution = run_in_box(backend, store, folders, request, never)
    finally:
        os.close(never)
        os.close(end)
    if execution.outcome is not Outcome.OK or "file" not in execution.files:
        raise UnavailableError(f"a trial box failed ({execution.outcome}): {execution.output.strip()[-500:]}")


def _unsafe(why: str) -> tuple[Backend, BackendView]:
    log.warning("sandbox_is_not_isolated", why=why, advice="programs can read and write whatever this user may")
    return Subprocess(), BackendView(name=Subprocess.name, isolated=False, why=why)
