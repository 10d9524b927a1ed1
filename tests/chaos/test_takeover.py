"""kill -9 of one process after another, mid-task: nothing acknowledged is lost and nothing is done twice."""

from __future__ import annotations

import json
import os
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.folders import breast_cancer
from tests.stacks import Stack, running_stack, until


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running_stack(tmp_path_factory.mktemp("chaos") / "home") as stack:
        yield stack


@pytest.fixture(scope="module")
def competition(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return breast_cancer(tmp_path_factory.mktemp("data") / "breast-cancer")


@pytest.mark.parametrize(
    "words",
    [
        "mle_star_orchestrator.worker",
        "mle_star_executor",
        "mle_star_verifier",
        "mle_star_sandbox",
        "mle_star_planner_gateway",
        "redis",
    ],
)
def test_a_task_outlives_the_death_of(words: str, stack: Stack, competition: Path) -> None:
    posted = stack.post(competition="chaos", data_dir=str(competition), minutes=1, iterations=1)
    assert posted.status_code == 202, posted.text
    id = posted.json()["id"]
    until(lambda: _running_attempts(stack, id) or stack.task(id)["status"] != "running")
    victims = stack.processes(words)
    assert victims, f"no process has {words} in its command"
    for pid in victims[:2]:
        os.kill(pid, signal.SIGKILL)
    until(lambda: _answers(stack))
    task = stack.wait(id)
    assert task["status"] == "succeeded"
    assert task["ended"] <= task["deadline"]
    assert task["best"]["score"] > 0.9
    journal = httpx.get(f"{stack.url}/tasks/{id}/artifacts/journal.jsonl").text.splitlines()
    done = Counter(line["id"] for line in map(json.loads, journal) if line["event"] == "done")
    assert set(done.values()) == {1}, "every step is recorded once"


def _running_attempts(stack: Stack, id: str) -> list[dict[str, Any]]:
    return [one for one in stack.task(id)["attempts"] if one["state"] == "running" and one["id"] != "baseline"]


def _answers(stack: Stack) -> bool:
    try:
        return httpx.get(f"{stack.url}/readyz", timeout=5).is_success
    except httpx.TransportError:
        return False


def test_a_stack_that_ends_and_starts_again_goes_on_where_it_was(competition: Path, tmp_path: Path) -> None:
    with running_stack(tmp_path / "home") as stack:
        posted = stack.post(competition="again", data_dir=str(competition), minutes=2, iterations=0)
        id = posted.json()["id"]
        until(lambda: stack.task(id)["best"])
    with running_stack(tmp_path / "home") as stack:
        task = stack.wait(id, 150)
        assert task["status"] == "succeeded"
        assert any(one["state"] == "ok" for one in task["attempts"] if one["id"] != "baseline")
