"""A competition's way through intake, a rendered program and the verifier, all in this process."""

from __future__ import annotations

import contextlib
import io
import json
import os
import runpy
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from mle_star_executor.render_solution import render_solution
from mle_star_orchestrator.intake.intake import take_in
from mle_star_verifier.judge import Judge

from mle_star.artifacts import ArtifactStore
from mle_star.harness.tables import read_table
from mle_star.tasks.artifact import Artifact
from mle_star.tasks.attempt import Member
from mle_star.tasks.competition import Competition
from mle_star.tasks.strategy import Strategy
from mle_star.tasks.verdict import Predictions, Verdict, VerdictRequest


class Pipeline:
    """Takes a folder in, and then judges one recipe after another on it."""

    def __init__(self, public: Path, scratch: Path, name: str) -> None:
        """Raises BadInputError."""
        self._public, self._scratch = public, scratch
        self._store = ArtifactStore(scratch / "artifacts")
        self.competition: Competition
        self._labels: Artifact
        self.competition, self._labels = take_in(
            public, name=name, store=self._store, metric=None, description=None, target=None, seed=0
        )

    def judge(self, strategy: Strategy, seconds: float) -> tuple[Verdict, pd.DataFrame]:
        """What the verifier says of the recipe's predictions, and the submission as it is read back."""
        box = self._scratch / f"{strategy.recipe}-{len(list(self._scratch.iterdir()))}"
        for name, artifact in self.competition.artifacts.items():
            self._store.copy(artifact, box / "input" / name)
        (box / "solution.py").write_text(
            render_solution(self.competition, [Member(strategy=strategy)], {}, 0), encoding="utf-8"
        )
        with _at_home(box, ["solution.py", "--keep-folds", "--seconds", str(seconds)]):
            runpy.run_path("solution.py", run_name="__main__")
        json.loads((box / "working" / "settled.json").read_text())
        files = {name: self._store.put_file(box / "working" / f"{name}.parquet") for name in ("held_out", "test")}
        predictions = Predictions(attempt_id=strategy.recipe, **files)
        verdict = Judge(self._store).judge(
            VerdictRequest(
                task_id="t", competition=self.competition, labels=self._labels, predictions=[predictions], seed=0
            )
        )
        assert verdict.submission is not None, [violation.message for violation in verdict.violations]
        assert verdict.valid, [violation.message for violation in verdict.violations]
        submission = box / verdict.submission.name
        self._store.copy(verdict.submission, submission)
        return verdict, read_table(submission)


@contextlib.contextmanager
def _at_home(folder: Path, arguments: list[str]) -> Iterator[None]:
    """In a folder, with a program's arguments, and its output kept away."""
    before, argv = Path.cwd(), sys.argv
    os.chdir(folder)
    sys.argv = arguments
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        sys.argv = argv
        os.chdir(before)
