from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from mle_star_sandbox.folders import Folders


def test_a_killed_services_folders_are_swept_and_a_living_ones_are_not(tmp_path: Path) -> None:
    parent = tmp_path / "boxes"
    code = """
import sys
from pathlib import Path
from mle_star_sandbox.folders import Folders
folders = Folders(Path(sys.argv[1]), print)
print(folders.make(), flush=True)
sys.stdin.read()
"""
    command = [sys.executable, "-c", code, str(parent)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as service:
        assert service.stdout is not None
        box = Path(service.stdout.readline().strip())
        (box / "file").write_text("x")

        swept: list[Path] = []
        Folders(parent, swept.append).close()
        assert swept == []
        assert (box / "file").exists()

        service.kill()
    Folders(parent, swept.append).close()
    assert swept == [box.parent]
    assert list(parent.iterdir()) == []


def test_boxes_folders_go_with_their_service(tmp_path: Path) -> None:
    folders = Folders(tmp_path / "boxes", lambda _: None)
    box = folders.make()
    (box / "closed").mkdir(mode=0)
    folders.close()
    assert list((tmp_path / "boxes").iterdir()) == []
