"""The main job: real processes, real Redis, real RQ; by HTTP, by curl, by the client and by the command line."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pandas as pd
import pytest

from tests.stacks import Stack

MINUTES = 0.35
COMMAND = str(Path(sys.executable).with_name("mle-star"))


@pytest.fixture(scope="module")
def ended(stack: Stack, competition: Path) -> dict[str, Any]:
    """A task posted over HTTP, when it has ended."""
    answer = stack.post(competition="breast-cancer", data_dir=str(competition), minutes=MINUTES)
    assert answer.status_code == 202
    assert answer.headers["location"] == f"/tasks/{answer.json()['id']}"
    assert "retry-after" in answer.headers
    return stack.wait(answer.json()["id"])


def artifact(stack: Stack, task: dict[str, Any], name: str) -> bytes:
    return httpx.get(f"{stack.url}/tasks/{task['id']}/artifacts/{name}").raise_for_status().content


def test_it_succeeds_in_time_with_an_honest_score(ended: dict[str, Any]) -> None:
    assert ended["status"] == "succeeded"
    assert ended["ended"] <= ended["deadline"]
    assert 0.9 < ended["best"]["score"] <= 1
    baseline = next(attempt for attempt in ended["attempts"] if attempt["id"] == "baseline")
    assert ended["best"]["score"] > baseline["score"] + 0.1
    assert len([attempt for attempt in ended["attempts"] if attempt["state"] == "ok"]) >= 2
    assert {decision["what"] for decision in ended["decisions"]} >= {"metric", "split"}


def test_the_submission_has_the_form_of_the_sample(stack: Stack, ended: dict[str, Any], competition: Path) -> None:
    submission = competition.parent / "downloaded.csv"
    submission.write_bytes(artifact(stack, ended, "submission.csv"))
    found, sample = pd.read_csv(submission), pd.read_csv(competition / "sample_submission.csv")
    assert list(found.columns) == list(sample.columns)
    assert found["id"].tolist() == sample["id"].tolist()
    assert set(found["benign"]) == {0, 1}


def test_the_solution_run_by_hand_makes_the_same_submission(
    stack: Stack, ended: dict[str, Any], competition: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "by-hand"
    shutil.copytree(competition, folder)
    (folder / "solution.py").write_bytes(artifact(stack, ended, "solution.py"))
    subprocess.run([sys.executable, "solution.py"], cwd=folder, check=True, capture_output=True)
    made = next(path for path in folder.rglob("*submission.csv") if path.parent != folder or path.name[:6] != "sample")
    theirs = folder / "theirs.csv"
    theirs.write_bytes(artifact(stack, ended, "submission.csv"))
    pd.testing.assert_frame_equal(pd.read_csv(made), pd.read_csv(theirs))


def test_the_report_and_the_journal_tell_how_it_went(stack: Stack, ended: dict[str, Any]) -> None:
    report = json.loads(artifact(stack, ended, "report.json"))
    assert report["best"]["score"] == ended["best"]["score"]
    assert report["seconds_used"] <= MINUTES * 60
    lines = [json.loads(line) for line in artifact(stack, ended, "journal.jsonl").splitlines()]
    done = [line["id"] for line in lines if line["event"] == "done"]
    assert done[:2] == ["intake", "baseline"]
    assert len(done) == len(set(done)), "a step is recorded once"
    assert lines[0]["event"] == "accepted"
    assert lines[-1]["event"] == "succeeded"


def test_artifacts_are_listed_with_their_digests(stack: Stack, ended: dict[str, Any]) -> None:
    listed = httpx.get(f"{stack.url}/tasks/{ended['id']}/artifacts").json()["artifacts"]
    assert {one["name"] for one in listed} == {"submission.csv", "solution.py", "report.json", "journal.jsonl"}
    missing = httpx.get(f"{stack.url}/tasks/{ended['id']}/artifacts/other.txt")
    assert missing.status_code == 404
    assert missing.headers["content-type"] == "application/problem+json"


def test_by_curl_alone(stack: Stack, competition: Path, tmp_path: Path) -> None:
    body = json.dumps({"competition": "by-curl", "data_dir": str(competition), "minutes": 0.2, "iterations": 0})
    posted = _curl("-X", "POST", f"{stack.url}/tasks", "-H", "content-type: application/json", "-d", body)
    task = json.loads(posted)
    stack.wait(task["id"])
    assert json.loads(_curl(f"{stack.url}/tasks/{task['id']}"))["status"] == "succeeded"
    _curl("-o", str(tmp_path / "s.csv"), f"{stack.url}/tasks/{task['id']}/artifacts/submission.csv")
    assert len(pd.read_csv(tmp_path / "s.csv")) == 100


def _curl(*arguments: str) -> str:
    if shutil.which("curl") is None:
        pytest.skip("THERE IS NO curl ON THIS MACHINE: the REST example is not tried")
    return subprocess.run(["curl", "-sS", "--fail", *arguments], check=True, capture_output=True, text=True).stdout


def test_the_command_line_ends_with_zero_and_writes_the_output(stack: Stack, competition: Path, tmp_path: Path) -> None:
    environment = {**stack.environment, "MLE_STAR_URL": stack.url}
    output = tmp_path / "s.csv"
    command = [COMMAND, "run", "breast-cancer", "--data-dir", str(competition), "--minutes", "0.2", "--iterations", "0"]
    ran = subprocess.run(
        [*command, "--output", output, "--json"], env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    result = json.loads(ran.stdout)
    assert result["status"] == "success"
    assert result["result"]["verification"]["score"] > 0.5
    assert len(pd.read_csv(output)) == 100
    status = subprocess.run([COMMAND, "status"], env=environment, capture_output=True, text=True, check=True)
    assert "breast-cancer" in status.stdout


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (["--metric", "happiness"], "happiness"),
        (["--target", "malign"], "malign"),
        (["--data-dir", "/nowhere/at/all"], "/nowhere/at/all"),
    ],
)
def test_bad_input_is_one_clear_line_and_exit_code_two(
    stack: Stack, competition: Path, change: list[str], says: str
) -> None:
    environment = {**stack.environment, "MLE_STAR_URL": stack.url}
    command = [COMMAND, "run", "breast-cancer", "--data-dir", str(competition), "--minutes", "0.2", *change]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert says in ran.stderr
    assert "Traceback" not in ran.stderr + ran.stdout


def test_the_documents_first_snippet(stack: Stack, competition: Path, tmp_path: Path) -> None:
    snippet = f"""
import asyncio
from mle_star.api.client import MLEStarClient

async def main():
    async with MLEStarClient.from_env() as client:
        result = await client.execute_kaggle_competition("titanic", data_dir={str(competition)!r}, minutes=0.2)

        print(f"Status: {{result['status']}}")
        if result['status'] == 'success':
            print(f"Score: {{result['result']['verification']['score']:.4f}}")

asyncio.run(main())
"""
    environment = {**stack.environment, "MLE_STAR_URL": stack.url}
    command = [sys.executable, "-c", snippet]
    ran = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert re.search(r"Status: success\nScore: 0\.\d{4}\n", ran.stdout)


def test_a_task_can_be_cancelled(stack: Stack, competition: Path) -> None:
    task = stack.post(competition="cancelled", data_dir=str(competition), minutes=5).json()
    answer = httpx.delete(f"{stack.url}/tasks/{task['id']}").raise_for_status().json()
    assert answer["status"] == "cancelled"
    assert stack.task(task["id"])["status"] == "cancelled"
    assert httpx.get(f"{stack.url}/readyz").is_success


def test_a_budget_of_seconds_still_gives_a_valid_submission_in_time(stack: Stack, competition: Path) -> None:
    posted = stack.post(competition="short", data_dir=str(competition), minutes=0.15)
    task = stack.wait(posted.json()["id"])
    assert task["status"] == "succeeded"
    assert task["ended"] <= task["deadline"]
    assert artifact(stack, task, "submission.csv").startswith(b"id,benign")


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ({"competition": "../etc", "data_dir": "/tmp"}, 422, "letters, digits"),
        ({"competition": "x", "data_dir": "relative"}, 422, "absolute"),
        ({"competition": "x", "data_dir": "/nowhere/at/all"}, 422, "/nowhere/at/all"),
        ({"competition": "x"}, 422, "data_dir"),
        ({"competition": "x", "minutes": -1}, 422, "minutes"),
        ({"competition": "x", "minuets": 1}, 422, "minuets"),
        ({"data_dir": "/tmp"}, 422, "competition"),
    ],
)
def test_a_bad_request_is_a_problem_that_says_what_to_do(
    stack: Stack, body: dict[str, Any], status: int, says: str
) -> None:
    answer = stack.post(**body)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert says in answer.json()["detail"]
    assert not answer.json()["retry"]


def test_health_and_metrics(stack: Stack) -> None:
    ready = httpx.get(f"{stack.url}/readyz").json()
    assert ready["status"] == "ok"
    assert set(ready["dependencies"]) == {"redis", "planner_gateway", "executor", "verifier"}
    assert httpx.get(f"{stack.url}/livez").json() == {"status": "ok"}
    assert "mle_star_http_requests_total" in httpx.get(f"{stack.url}/metrics").text
    assert httpx.get(f"{stack.url}/tasks/no-such-task").json()["code"] == "not_found"
