"""Real competitions end to end by the command line: each ends with a valid file. Scores are not looked at."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from tests.stacks import Stack, running_stack

SHARED = Path(__file__).parents[3] / "shared"
CASES = sorted(case.name for case in (SHARED / "data" / "cases").glob("*"))
COMMAND = str(Path(sys.executable).with_name("mle-star"))

pytestmark = pytest.mark.skipif(not CASES, reason="THE SHARED DATA IS NOT BESIDE THIS CLONE: nothing real was tried")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running_stack(tmp_path_factory.mktemp("shared") / "home") as stack:
        yield stack


def run(stack: Stack, name: str, folder: Path, output: Path) -> dict[str, object]:
    command = [COMMAND, "run", name, "--data-dir", str(folder), "--minutes", "0.5", "--output", str(output), "--json"]
    environment = {**stack.environment, "MLE_STAR_URL": stack.url}
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    result: dict[str, object] = json.loads(ran.stdout)
    return result


@pytest.mark.parametrize("name", CASES)
def test_a_real_case_ends_with_a_valid_submission(name: str, stack: Stack, tmp_path: Path) -> None:
    output = tmp_path / "submission.csv"
    result = run(stack, name, SHARED / "data" / "cases" / name / "public", output)
    assert result["status"] == "success"
    grader = [sys.executable, str(SHARED / "bench" / "grade.py"), name, str(output)]
    graded = subprocess.run(grader, capture_output=True, text=True, check=False)
    assert graded.returncode == 0, "the grader calls the file invalid"


def test_titanic_ends_with_a_submission_of_the_samples_form(stack: Stack, tmp_path: Path) -> None:
    output = tmp_path / "submission.csv"
    run(stack, "titanic", SHARED / "data" / "titanic", output)
    found, sample = pd.read_csv(output), pd.read_csv(SHARED / "data" / "titanic" / "sample_submission.csv")
    assert list(found.columns) == list(sample.columns)
    assert found["PassengerId"].tolist() == sample["PassengerId"].tolist()
    assert set(found["Survived"]) == {0, 1}
