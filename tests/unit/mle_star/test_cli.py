"""The command line: what it prints where, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from mle_star.api.datasets import dataset_named, lay_out
from mle_star.cli import checks
from mle_star.cli.main import main
from mle_star.cli.progress import Progress
from mle_star.config import Settings
from mle_star.tasks.task import Problem, Status
from tests.fakes.orchestrator import FILES, FakeOrchestrator

Run = Callable[..., int]


@pytest.fixture(autouse=True)
def own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLE_STAR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("mle_star.api.client.POLL_SECONDS", 0.01)
    monkeypatch.setenv("COLUMNS", "80")


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[FakeOrchestrator], FakeOrchestrator]]:
    with ExitStack() as served:

        def start(fake: FakeOrchestrator) -> FakeOrchestrator:
            monkeypatch.setenv("MLE_STAR_URL", served.enter_context(fake.served()))
            return fake

        yield start


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch) -> Run:
    def run(*words: str) -> int:
        monkeypatch.setattr(sys, "argv", ["mle-star", *words])
        with pytest.raises(SystemExit) as ending:
            main()
        return int(ending.value.code or 0)

    return run


def test_run_tells_the_score_and_where_the_files_lie(
    cli: Run, serve: Callable[..., FakeOrchestrator], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    fake = serve(FakeOrchestrator())
    (tmp_path / "about.md").write_text("what it is about")
    words = ["--description", "@about.md", "--minutes", "2", "--target", "answer", "--output", "out/s.csv"]
    assert cli("run", "titanic", "--data-dir", ".", *words) == 0
    said = capsys.readouterr()
    assert "score       0.87500 ± 0.0100 (accuracy, higher is better, on held-out rows)" in said.out
    assert f"output      {tmp_path / 'out' / 's.csv'}" in said.out
    assert (tmp_path / "out" / "s.csv").read_bytes() == FILES["submission.csv"]
    assert "task task-1" in said.err
    assert "LightGBM: ok 0.87500" in said.err
    (request,) = fake.requests
    assert (request.data_dir, request.description, request.target) == (str(tmp_path), "what it is about", "answer")


def test_json_is_one_object_and_nothing_else(
    cli: Run, serve: Callable[..., FakeOrchestrator], capsys: pytest.CaptureFixture[str]
) -> None:
    serve(FakeOrchestrator())
    assert cli("run", "titanic", "--data-dir", ".", "--json") == 0
    result = json.loads(capsys.readouterr().out)
    assert result["result"]["verification"]["score"] == 0.875


def test_a_failed_task_is_exit_1(
    cli: Run, serve: Callable[..., FakeOrchestrator], capsys: pytest.CaptureFixture[str]
) -> None:
    serve(FakeOrchestrator(ending=Status.FAILED, error=Problem(title="", status=500, code="x", detail="no disk left")))
    assert cli("run", "titanic", "--data-dir", ".") == 1
    assert capsys.readouterr().err.splitlines()[-1] == "mle-star: the task failed: no disk left"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["run", "../x", "--data-dir", "."], "a competition's name has letters"),
        (["run", "titanic", "--data-dir", "absent"], "is no folder"),
        (["run", "titanic"], "give its folder with --data-dir"),
        (["run", "titanic", "--data-dir", ".", "--metric", "nobody-knows"], "no metric is called"),
        (["run", "titanic", "--data-dir", ".", "--description", "@absent.md"], "the description cannot be read"),
        (["run", "titanic", "--minutes", "soon"], "--minutes"),
        (["run"], "COMPETITION"),
        (["status", "task-9"], "there is no task 'task-9'"),
        (["cancel", "task-9"], "there is no task 'task-9'"),
    ],
)
def test_bad_input_is_exit_2_and_one_clear_line(
    cli: Run,
    serve: Callable[..., FakeOrchestrator],
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    says: str,
) -> None:
    serve(FakeOrchestrator())
    assert cli(*words) == 2
    said = capsys.readouterr()
    assert says in said.err
    assert said.out == ""
    assert "Traceback" not in said.err


def test_an_unknown_setting_is_exit_2(
    cli: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MLE_STAR_COERS", "2")
    for command in ("up", "status", "doctor"):
        assert cli(command) == 2
        assert "MLE_STAR_COERS" in capsys.readouterr().err


def test_no_stack_is_exit_3(cli: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("mle_star.api.connection.PATIENCE_SECONDS", 0)
    monkeypatch.setenv("MLE_STAR_URL", "http://127.0.0.1:9")
    assert cli("run", "titanic", "--data-dir", ".") == 3
    assert "nothing answers at http://127.0.0.1:9" in capsys.readouterr().err


def test_up_on_an_open_address_is_exit_2(
    cli: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MLE_STAR_BIND", "0.0.0.0:8080")
    assert cli("up") == 2
    assert "not this machine alone" in capsys.readouterr().err


def test_ctrl_c_cancels_the_task_and_is_exit_130(serve: Callable[..., FakeOrchestrator], tmp_path: Path) -> None:
    fake = serve(FakeOrchestrator(looks=None))
    command = [sys.executable, "-m", "mle_star.cli.main", "run", "titanic", "--data-dir", str(tmp_path)]
    running = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=dict(os.environ))
    assert fake.asked.wait(30)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=30)
    assert running.returncode == 130
    assert said.splitlines()[-1] == "mle-star: interrupted: the task task-1 was cancelled"
    assert fake.tasks["task-1"].status is Status.CANCELLED


def test_status_lists_tasks_and_shows_one_in_full(
    cli: Run, serve: Callable[..., FakeOrchestrator], capsys: pytest.CaptureFixture[str]
) -> None:
    serve(FakeOrchestrator())
    assert cli("status") == 0
    assert "there are no tasks yet" in capsys.readouterr().out
    cli("run", "titanic", "--data-dir", ".")
    capsys.readouterr()
    assert cli("status") == 0
    assert "accuracy 0.87500" in capsys.readouterr().out
    assert cli("status", "task-1") == 0
    said = capsys.readouterr().out
    assert "description.md names it" in said
    assert "LightGBM" in said


def test_cancel_says_what_became_of_the_task(
    cli: Run, serve: Callable[..., FakeOrchestrator], capsys: pytest.CaptureFixture[str]
) -> None:
    fake = serve(FakeOrchestrator(looks=None))
    fake._new("task-1", "titanic")
    assert cli("cancel", "task-1") == 0
    assert capsys.readouterr().out == "task-1: cancelled\n"
    assert fake.tasks["task-1"].status is Status.CANCELLED


def test_demo_grades_the_submission_on_the_answers_held_back(
    cli: Run,
    serve: Callable[..., FakeOrchestrator],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    fake = serve(FakeOrchestrator())
    answers = lay_out(dataset_named("breast-cancer"), tmp_path / "same" / "breast-cancer")
    monkeypatch.setitem(FILES, "submission.csv", answers.read_bytes())
    assert cli("demo") == 0
    said = capsys.readouterr().out
    assert "score       0.87500" in said
    assert "grade       1.00000 (accuracy on the answers in demo/breast-cancer-answers.csv" in said
    assert fake.requests[0].data_dir == str(tmp_path / "demo" / "breast-cancer")


def test_help_names_every_command_and_exit_code(cli: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli("--help") == 0
    said = capsys.readouterr().out
    for word in ("run", "demo", "status", "cancel", "up", "doctor", "130 interrupted"):
        assert word in said
    assert cli("run", "--help") == 0
    said = capsys.readouterr().out
    for word in ("--data-dir", "--metric", "--description", "--minutes", "--strategies", "--iterations", "--json"):
        assert word in said


def test_the_help_imports_nothing_heavy() -> None:
    code = "import mle_star.cli.main, sys; print([m for m in ('httpx', 'pydantic', 'pandas') if m in sys.modules])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "[]"


def test_a_terminal_sees_a_view_of_the_task() -> None:
    screen = StringIO()
    progress = Progress(Console(file=screen, force_terminal=True, width=120))
    fake = FakeOrchestrator()
    view = fake._new("task-1", "titanic")
    with progress:
        progress.say("starting")
        progress._display.refresh()
        progress.show(view)
        fake._end(view, Status.SUCCEEDED)
        progress.show(view)
        progress._display.refresh()
    said = screen.getvalue()
    for word in ("starting", "titanic", "LightGBM", "0.87500", "left"):
        assert word in said


def test_doctor_fails_only_for_what_is_needed(
    cli: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    needed = checks.Check("Redis", False, "none", "install it")
    monkeypatch.setattr(checks, "check_machine", lambda _: [checks.Check("GPUs", None, "none"), needed])
    assert cli("doctor") == 3
    said = capsys.readouterr()
    assert "the stack cannot run here yet: Redis" in said.err
    assert "install it" in said.out
    monkeypatch.setattr(checks, "check_machine", lambda _: [checks.Check("GPUs", None, "none")])
    assert cli("doctor") == 0


def test_doctor_looks_at_the_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tool = tmp_path / "bin" / "nvidia-smi"
    tool.parent.mkdir()
    tool.write_text("#!/bin/sh\necho 'NVIDIA L4, 23034 MiB'\necho 'NVIDIA L4, 23034 MiB'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("KAGGLE_CONFIG_DIR", str(tmp_path))
    (tmp_path / "kaggle.json").write_text("{}")
    settings = Settings.load(dotenv=None, openrouter_api_key="sk-secret")
    found = {check.what: check for check in checks.check_machine(settings)}
    assert found["GPUs"].found == "NVIDIA L4, 23034 MiB; NVIDIA L4, 23034 MiB"
    assert found["Redis"].good
    assert found["Kaggle"].found.startswith(f"credentials in {tmp_path / 'kaggle.json'}")
    assert "a key is set" in found["planner"].found
    assert "sk-secret" not in str(found)
    assert found["stack"].found.startswith("does not run")
