"""What the verifier says of an attempt: its score, and whether its submission is valid."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from mle_star.tasks.artifact import Artifact
from mle_star.tasks.competition import Competition


class Violation(BaseModel):
    """Something wrong with predictions or a submission. `repaired`: it was put right without guessing."""

    code: str
    message: str
    repaired: bool = False


class Predictions(BaseModel):
    """The files of an attempt: see `Attempt.held_out` and `Attempt.test`."""

    attempt_id: str
    held_out: Artifact
    test: Artifact


class VerdictRequest(BaseModel):
    """`labels` is a parquet file with `row` and the target columns: training rows that are ever held out.

    Several `predictions` are blended greedily, by weights found on held-out rows; one is scored as it is.
    """

    task_id: str
    competition: Competition
    labels: Artifact
    predictions: list[Predictions] = Field(min_length=1)
    seed: int = Field(0, ge=0, lt=2**31)


class Verdict(BaseModel):
    """The score of a solution on rows that it never saw the labels of, and the submission that it makes."""

    score: float | None = None
    standard_error: float | None = None
    verified: bool = Field(True, description="False where no map ties the submission's rows to what was scored")
    weights: dict[str, float] = Field({}, description="attempt id to weight in the blend")
    gain_probability: float | None = Field(
        None, description="of a blend: how likely it is better than its best single member"
    )
    decision: dict[str, Any] = Field({}, description="parameters of the decision, for the final program")
    submission: Artifact | None = None
    violations: list[Violation] = []
    feedback: str = ""

    @property
    def valid(self) -> bool:
        return self.submission is not None and all(violation.repaired for violation in self.violations)
