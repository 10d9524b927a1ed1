"""A forked module behaves as `python -m` does, and has nothing of its parent's."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="modules are forked on Linux alone")

PARENT = """
import os, sys, time
from pathlib import Path
from mle_star.embedded.forking import ForkedModule

secret = os.open("/dev/null", os.O_RDONLY)
folder, module, *words = sys.argv[1:]
environment = {"ONLY": "this", "PATH": os.environ["PATH"]}
sys.path.insert(0, folder)
process = ForkedModule("shown", [module, *words], folder=Path(folder), environment=environment, first=lambda: None)
if "--kill" in words:
    process.terminate()
said = process.stdout.read().decode()
while process.poll() is None:
    time.sleep(0.01)
print(repr((process.returncode, said)))
"""
CHILD = """
import os, signal, sys
from pathlib import Path
print(__name__, sys.argv[1:], os.getcwd(), dict(os.environ) == {"ONLY": "this", "PATH": os.environ["PATH"]})
print(sorted(int(fd) for fd in os.listdir("/proc/self/fd") if int(fd) < 100)[:4])
print(Path("/proc/self/comm").read_text().strip(), Path("/proc/self/cmdline").read_bytes().rstrip(b"\\0"))
print(signal.getsignal(signal.SIGTERM) is signal.SIG_DFL, file=sys.stderr)
"""


def forked(tmp_path: Path, source: str, *words: str) -> tuple[int, str]:
    (tmp_path / "the_child.py").write_text(source)
    command = [sys.executable, "-c", PARENT, str(tmp_path), "the_child", *words]
    said = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | {"PARENTS": "own"})
    code, output = ast.literal_eval(said.stdout)
    return code, output


def test_it_sees_its_own_arguments_environment_folder_and_no_open_files(tmp_path: Path) -> None:
    code, said = forked(tmp_path, CHILD, "a", "b")
    lines = set(said.splitlines())
    assert code == 0
    assert f"__main__ ['a', 'b'] {tmp_path} True" in lines
    assert "[0, 1, 2, 3]" in lines  # 3 is the listing's own
    assert "shown b'the_child a b'" in lines
    assert "True" in lines


@pytest.mark.parametrize(
    ("source", "code", "says"),
    [
        ("import sys; sys.exit(7)", 7, ""),
        ("import sys; sys.exit('cannot go on')", 1, ""),
        ("raise ValueError('it broke')", 1, "ValueError: it broke"),
        ("import absent_module", 1, "No module named 'absent_module'"),
        ("import os; os.kill(os.getpid(), 9)", -9, ""),
    ],
)
def test_its_ending_is_told(tmp_path: Path, source: str, code: int, says: str) -> None:
    found, said = forked(tmp_path, source)
    assert found == code
    assert says in said


def test_it_can_be_ended(tmp_path: Path) -> None:
    assert forked(tmp_path, "import time; time.sleep(600)", "--kill")[0] == -15
