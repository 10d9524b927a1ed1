"""What only containers can go through: an engine that kills them, deadlines, and much to carry in and out."""

from __future__ import annotations

import subprocess
import threading
import time

import pytest
from mle_star_sandbox.backends.docker import DEADLINE, SERVICE, Docker

from mle_star.service.errors import UnavailableError
from mle_star.tasks.execution import Outcome
from tests.security.conftest import Boxes, containers, runner_image, wait_until

pytestmark = pytest.mark.parametrize("backend", ["docker"], indirect=True)


def _docker(*words: str) -> str:
    return subprocess.run(["docker", *words], capture_output=True, text=True, check=True).stdout.strip()


def test_files_of_any_size_go_in_and_come_out_whole(boxes: Boxes) -> None:
    """Larger than any buffer on the way; a result that nobody asked for stays."""
    data = bytes(range(256)) * (20 << 12)
    code = """
from pathlib import Path
data = Path("input/deep/in.bin").read_bytes()
Path("working/deep").mkdir()
Path("working/deep/out.bin").write_bytes(data[::-1])
Path("working/empty").touch()
Path("working/last").write_text("last")
"""
    execution = boxes.run(code, files={"deep/in.bin": data, "none": b""}, collect=["deep/out.bin", "empty", "last"])
    assert execution.outcome is Outcome.OK, execution.output
    results = {name: boxes.store.read(artifact) for name, artifact in execution.files.items()}
    assert results == {"deep/out.bin": data[::-1], "empty": b"", "last": b"last"}


def test_results_of_a_program_that_was_stopped_come_out(boxes: Boxes) -> None:
    code = "import time\nopen('working/so-far', 'w').write('half')\ntime.sleep(60)"
    execution = boxes.run(code, seconds=0.5, collect=["so-far"])
    assert execution.outcome is Outcome.TIMEOUT
    assert boxes.store.read(execution.files["so-far"]) == b"half"


def test_the_first_process_is_out_of_reach(boxes: Boxes) -> None:
    code = """
import os
for attempt in (lambda: os.kill(1, 9), lambda: open("/proc/1/fd/2", "wb"), lambda: open("/proc/1/mem", "r+b"),
                lambda: open("/proc/1/environ", "rb").read(), lambda: os.kill(-1, 9)):
    try:
        attempt()
        print("done")
    except OSError:
        print("refused")
"""
    execution = boxes.run(code)
    assert (execution.outcome, execution.output) == (Outcome.OK, "refused\n" * 5)


def test_an_engine_that_kills_a_container_is_no_outcome(boxes: Boxes) -> None:
    service = next(boxes.parent.iterdir()).name

    def kill() -> None:
        wait_until(boxes.processes)
        _docker("kill", *containers(service))

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(UnavailableError, match="ended before its time"):
        boxes.run("import time\ntime.sleep(60)")
    killer.join()


def test_containers_past_their_deadline_are_swept(boxes: Boxes) -> None:
    assert isinstance(boxes.backend, Docker)
    made = {}
    for deadline in (time.time() - 1, time.time() + 600):
        labels = ["--label", f"{DEADLINE}={deadline:.0f}", "--label", f"{SERVICE}=another"]
        made[deadline] = _docker("create", *labels, runner_image(), "true")
    late, early = made.values()
    try:
        boxes.backend.sweep()
        left = _docker("ps", "-aq", "--no-trunc")
        assert late not in left
        assert early in left
    finally:
        _docker("rm", "-f", early)


def test_an_image_that_is_missing_is_named(boxes: Boxes) -> None:
    with pytest.raises(UnavailableError, match="the engine has no image nowhere/nothing"):
        Docker("nowhere/nothing")


def test_no_engine_is_said_at_once(boxes: Boxes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere.sock")
    with pytest.raises(UnavailableError, match="no container engine answers"):
        Docker()
