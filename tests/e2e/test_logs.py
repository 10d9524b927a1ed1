"""The one log of a stack: JSON on every line, the task's id through all services, and no secret."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.stacks import Stack, running_stack, until

SERVICES = {"orchestrator", "planner-gateway", "executor", "verifier", "sandbox", "worker"}


def lines_of(stack: Stack) -> list[str]:
    return (stack.home / "logs" / "stack.log").read_text(encoding="utf-8").splitlines()


@pytest.fixture(scope="module")
def task(stack: Stack, competition: Path) -> dict[str, Any]:
    posted = stack.post(competition="logged", data_dir=str(competition), minutes=0.15, strategies=1, iterations=0)
    assert posted.status_code == 202, posted.text
    return stack.wait(posted.json()["id"])


def test_every_line_is_an_object_that_says_who_and_when(stack: Stack, task: dict[str, Any]) -> None:
    assert task["status"] == "succeeded"
    said = [json.loads(line) for line in lines_of(stack)]
    assert {one["service"] for one in said} >= {*SERVICES, "redis", "stack"}
    for one in said:
        assert {"service", "event", "level", "timestamp"} <= one.keys(), one


def test_the_task_is_on_lines_of_every_service(stack: Stack, task: dict[str, Any]) -> None:
    def told() -> bool:
        said = [json.loads(line) for line in lines_of(stack)]
        return {one["service"] for one in said if one.get("task") == task["id"]} >= SERVICES

    until(told, 10)


def test_a_secret_is_nowhere_in_the_state(tmp_path: Path, competition: Path) -> None:
    secret = "sk-or-this-must-not-be-seen"
    with running_stack(tmp_path / "home", OPENROUTER_API_KEY=secret, MLE_STAR_LOG_LEVEL="DEBUG") as stack:
        refused = stack.post(competition="secret", data_dir=str(competition), metric="happiness", minutes=0.1)
        assert refused.status_code == 422
        assert secret not in refused.text
    written = [path for path in stack.home.rglob("*") if path.is_file()]
    assert stack.home / "logs" / "stack.log" in written
    for path in written:
        assert secret.encode() not in path.read_bytes(), path
    for line in lines_of(stack):
        assert json.loads(line)["event"], line
