"""What a service writes to its log: one JSON object a line, whatever happens, and nothing secret."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mle_star.embedded.log import StackLog

SECRET = "sk-or-this-must-not-be-seen"
SPEAKING = f"""
import logging, warnings, structlog
from mle_star.config import Settings
from mle_star.service.telemetry import start_log
start_log("executor", "INFO")
log = structlog.get_logger()
with structlog.contextvars.bound_contextvars(task="titanic-1"):
    log.info("asked", api_key="{SECRET}", headers={{"Authorization": "{SECRET}", "deep": {{"x-token": "{SECRET}"}}}})
    log.info("settings", settings=Settings(openrouter_api_key="{SECRET}"))
    try:
        api_key = "{SECRET}"
        raise ValueError("two\\nlines")
    except ValueError as error:
        log.error("failed", exc_info=error)
    logging.getLogger("uvicorn.error").warning("a line of a %s", "library")
    log.debug("not at this level")
"""


@pytest.fixture(scope="module")
def lines() -> list[str]:
    spoke = subprocess.run([sys.executable, "-c", SPEAKING], capture_output=True, text=True, check=True)
    return spoke.stderr.splitlines()


def test_every_line_is_an_object_with_the_service_and_the_task(lines: list[str]) -> None:
    said: list[dict[str, Any]] = [json.loads(line) for line in lines]
    assert [one["event"] for one in said] == ["asked", "settings", "failed", "a line of a library"]
    assert [one["level"] for one in said] == ["info", "info", "error", "warning"]
    for one in said:
        assert (one["service"], one["task"]) == ("executor", "titanic-1")
        assert one["timestamp"].endswith("Z")
    assert "ValueError: two\nlines" in said[2]["exception"]


def test_no_line_has_a_secret(lines: list[str]) -> None:
    asked = json.loads(lines[0])
    assert asked["api_key"] == "hidden"
    assert asked["headers"] == {"Authorization": "hidden", "deep": {"x-token": "hidden"}}
    assert SECRET not in "".join(lines)


@pytest.mark.parametrize("line", [b"{'a': 1}", b"{}}", b'{"a": 1', b"[1]", b"plain", b'"text"', b"{\xff}", b"\x00{}"])
def test_a_line_that_is_no_object_is_made_one(line: bytes, tmp_path: Path) -> None:
    log = StackLog(tmp_path / "stack.log")
    log.line("redis", line)
    log.close()
    said = json.loads((tmp_path / "stack.log").read_text())
    assert said["service"] == "redis"
    assert said["event"] == line.decode("utf-8", "replace")
