"""A strategy made into a program and run."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field, model_validator

from mle_star.tasks.artifact import Artifact
from mle_star.tasks.competition import Competition
from mle_star.tasks.execution import Limits, Outcome
from mle_star.tasks.strategy import Strategy


class Member(BaseModel):
    """One solution of a blend: its strategy, and what its first run settled (rounds, rates), then frozen."""

    strategy: Strategy
    settled: dict[str, Any] = {}
    weight: float = 1.0


class AttemptRequest(BaseModel):
    """Either a `strategy` of the catalogue, or a `program` of unknown origin.

    Catalogue code gets the competition's own files in one box and hands each fit its own rows' labels alone. A
    program gets one box a fold, with nothing in it but that fold's competition folder (`folds`: file name to
    artifact, one dict a fold; their `test` file holds the held-out rows first, then the true test rows).
    """

    task_id: str
    attempt_id: str
    competition: Competition
    strategy: Strategy | None = None
    program: Artifact | None = None
    folds: list[dict[str, Artifact]] = []
    seconds: float | None = Field(None, gt=0, description="what it should plan to take; the limit is a net behind it")
    limits: Limits = Limits()
    seed: int = Field(0, ge=0, lt=2**31)

    @model_validator(mode="after")
    def _one_of_both(self) -> AttemptRequest:
        if (self.strategy is None) == (self.program is None):
            raise ValueError("give either a strategy or a program")
        if self.program is not None and not self.folds:
            raise ValueError("a program is scored on folds: give them")
        return self


class Attempt(BaseModel):
    """What came of it.

    `held_out` is a parquet file with `row` (position in the training file), `fold`, and the raw columns of the
    competition; `test` has the raw columns alone, in the order of the test rows.
    """

    outcome: Outcome
    program: Artifact
    held_out: Artifact | None = None
    test: Artifact | None = None
    settled: dict[str, Any] = {}
    seconds: float
    peak_memory_bytes: int | None = None
    output: str = ""
    traceback: str | None = None
    blind: bool = Field(description="whether the program could not have seen the labels that it is scored on")


class SolutionRequest(BaseModel):
    """Asks for the final program: members blended by weight, answers decided with frozen parameters."""

    task_id: str
    competition: Competition
    members: list[Member] = Field(min_length=1)
    decision: dict[str, Any] = {}
    seed: int = Field(0, ge=0, lt=2**31)


class Solution(BaseModel):
    program: Artifact
