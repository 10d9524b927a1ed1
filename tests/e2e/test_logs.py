"""The one log of a stack: JSON on every line, the task's id through all services, and no secret."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.stacks import Stack, until

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
    for line in lines_of(stack):
        said = json.loads(line)
        assert {"service", "event", "level", "timestamp"} <= said.keys(), line


def test_the_task_is_on_lines_of_every_service(stack: Stack, task: dict[str, Any]) -> None:
    def told() -> bool:
        said = [json.loads(line) for line in lines_of(stack)]
        return {one["service"] for one in said if one.get("task") == task["id"]} >= SERVICES

    until(told, 10)
