from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from mle_star_sandbox.trace import last_error, trimmed_traceback


def _dies(folder: Path, code: str) -> str:
    (folder / "solution.py").write_text(code)
    run = [sys.executable, str(folder / "solution.py")]
    return subprocess.run(run, capture_output=True, text=True, check=False).stderr


def test_frames_of_libraries_are_left_out(tmp_path: Path) -> None:
    output = _dies(tmp_path, "import json\ndef load():\n    return json.loads('{')\nload()\n")
    traceback = trimmed_traceback("printed before\n" + output)
    assert traceback is not None
    assert [line.strip() for line in traceback.splitlines()] == [
        "Traceback (most recent call last):",
        'File "solution.py", line 4, in <module>',
        "load()",
        'File "solution.py", line 3, in load',
        "return json.loads('{')",
        "^^^^^^^^^^^^^^^",
        "json.decoder.JSONDecodeError: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
    ] or sys.version_info >= (3, 13)
    assert last_error(traceback).startswith("json.decoder.JSONDecodeError")
    assert str(tmp_path) not in traceback


def test_a_syntax_error_has_no_header(tmp_path: Path) -> None:
    traceback = trimmed_traceback(_dies(tmp_path, "x = 1\ndef (:\n"))
    assert traceback is not None
    assert traceback.startswith('  File "solution.py", line 2\n')
    assert last_error(traceback).startswith("SyntaxError")


def test_the_last_of_a_chain_and_its_whole_message(tmp_path: Path) -> None:
    code = "try:\n    1 / 0\nexcept ZeroDivisionError:\n    raise ValueError('one\\n  two\\nthree')\n"
    traceback = trimmed_traceback(_dies(tmp_path, code))
    assert traceback is not None
    assert "ZeroDivisionError" not in traceback
    assert traceback.endswith("ValueError: one\n  two\nthree")


@pytest.mark.parametrize("output", ["", "no trouble\n", "SyntaxError: said a program of itself"])
def test_no_traceback(output: str) -> None:
    assert trimmed_traceback(output) is None
    assert last_error(None) == ""
