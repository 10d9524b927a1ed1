"""A sandbox that is killed leaves nothing behind: its boxes die with it, or its successor ends them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from mle_star_sandbox.backends.bubblewrap import Bubblewrap
from mle_star_sandbox.folders import Folders
from mle_star_sandbox.sweep import sweep

from tests.security.conftest import Boxes, containers, runner_image, running, wait_until

SERVICE = """
import os, sys
from pathlib import Path
from mle_star.artifacts import ArtifactStore
from mle_star.tasks.execution import ExecutionRequest
from mle_star_sandbox.backends.bubblewrap import Bubblewrap
from mle_star_sandbox.backends.docker import Docker
from mle_star_sandbox.backends.subprocess import Subprocess
from mle_star_sandbox.executions import run_in_box
from mle_star_sandbox.folders import Folders
home, backend, request = Path(sys.argv[1]), sys.argv[2], sys.stdin.read()
makers = {"bubblewrap": lambda: Bubblewrap([home]), "docker": lambda: Docker(sys.argv[3]), "subprocess": Subprocess}
chosen = makers[backend]()
if "warm" in sys.argv:
    chosen.warm_up()
store, folders = ArtifactStore(home / "artifacts"), Folders(home / "boxes", print)
run_in_box(chosen, store, folders, ExecutionRequest.model_validate_json(request), os.pipe()[0])
"""


def test_nothing_is_left_of_a_killed_service(boxes: Boxes) -> None:
    home = boxes.parent.parent
    request = boxes.request("import os, time\nif os.fork() == 0: os.setsid()\ntime.sleep(60)", seconds=60)
    warm = ["warm"] if isinstance(boxes.backend, Bubblewrap) and boxes.backend.zygote else []
    command = [sys.executable, "-c", SERVICE, str(home), boxes.backend.name, runner_image(), *warm]
    with subprocess.Popen(command, stdin=subprocess.PIPE, text=True) as service:
        assert service.stdin is not None
        service.stdin.write(request.model_dump_json())
        service.stdin.close()
        # both of the program's processes, not those that make its box
        wait_until(lambda: sum(" solution.py " in line and "/sh " not in line for line in running(boxes.token)) >= 2)
        os.kill(service.pid, signal.SIGKILL)
    if boxes.backend.isolated:
        wait_until(lambda: not running(boxes.token))
    left = [folder for folder in boxes.parent.iterdir() if list(folder.iterdir())]
    assert len(left) == 1
    Folders(boxes.parent, sweep).close()
    wait_until(lambda: not running(boxes.token))
    assert not Path(left[0]).exists()
    assert containers(left[0].name) == []
    assert list(Path("/sys/fs/cgroup").glob(f"**/mle-star-{left[0].name}-*")) == []


def test_a_box_that_was_just_being_made_is_swept(tmp_path: Path) -> None:
    """bubblewrap's child waits for ever if its parent dies at once: it knows no more than its arguments."""
    box = tmp_path / "boxes" / "service-1" / "box-1"
    box.mkdir(parents=True)
    command = [sys.executable, "-c", "import time; time.sleep(60)", "--ro-bind", str(box), "/box"]
    with subprocess.Popen(command) as child:
        Folders(tmp_path / "boxes", sweep).close()
        assert child.wait() == -signal.SIGKILL
    assert list((tmp_path / "boxes").iterdir()) == []
