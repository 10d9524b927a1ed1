"""A task's whole state: one document, changed only by the functions of this package."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import BaseModel, Field

from mle_star.tasks.artifact import Artifact
from mle_star.tasks.attempt import Attempt
from mle_star.tasks.competition import Competition
from mle_star.tasks.strategy import Plan, Strategy
from mle_star.tasks.task import Problem, Status, TaskRequest
from mle_star.tasks.verdict import Verdict

MAX_TRIES = 3


class Budget(BaseModel):
    """What a task may use. Times are in seconds."""

    seconds: float = Field(gt=0)
    strategies: int = Field(ge=1)
    iterations: int = Field(ge=0)
    cores: int = Field(ge=1)
    execution_seconds: float = Field(gt=0)
    memory_bytes: int = Field(gt=0)

    @property
    def reserve(self) -> float:
        """The time kept at the end for the ensemble and for writing the artifacts."""
        return min(20.0, max(1.5, 0.12 * self.seconds))


class StepKind(StrEnum):
    INTAKE = "intake"
    PLAN = "plan"
    ATTEMPT = "attempt"
    ENSEMBLE = "ensemble"
    FINISH = "finish"


class Step(BaseModel):
    """Something to be done. `seconds` is what it may take, or what an attempt plans with; attempts have a strategy."""

    id: str
    kind: StepKind
    seconds: float = 0
    strategy: Strategy | None = None
    parent: str | None = None


class Lease(BaseModel):
    """Who does a step. Times are seconds since the epoch."""

    token: str
    until: float


class StepRecord(BaseModel):
    """A step that was handed out, how often, to whom, and whether it is done."""

    step: Step
    lease: Lease | None = None
    tries: int = 0
    due: float = Field(description="when to hand it out again, if nobody holds it by then")
    started: float | None = None
    ended: float | None = None
    error: Problem | None = None

    @property
    def done(self) -> bool:
        return self.ended is not None


class Intake(BaseModel):
    """What intake found."""

    competition: Competition
    labels: Artifact


class Judged(BaseModel):
    """What came of an attempt; `verdict` is None where there was nothing to judge."""

    attempt: Attempt
    verdict: Verdict | None = None


class Finish(BaseModel):
    """The artifacts of a finished task by name."""

    artifacts: dict[str, Artifact]


StepResult = Intake | Plan | Judged | Verdict | Finish


class Event(BaseModel):
    """A line of the journal; `at` is in seconds since the epoch."""

    at: float
    event: str
    id: str = ""
    data: dict[str, Any] = {}


class TaskState(BaseModel):
    """The task's document. Times are seconds since the epoch."""

    id: str
    request: TaskRequest
    budget: Budget
    accepted: float
    status: Status = Status.RUNNING
    ended: float | None = None
    error: Problem | None = None
    steps: dict[str, StepRecord] = {}
    intake: Intake | None = None
    plans: dict[str, Plan] = {}
    judged: dict[str, Judged] = {}
    ensemble: Verdict | None = None
    artifacts: dict[str, Artifact] = {}
    best_since: float | None = None

    @property
    def deadline(self) -> float:
        return self.accepted + self.budget.seconds

    @property
    def wrap_up(self) -> float:
        """When the search ends and the ensemble begins, at the latest."""
        return self.deadline - self.budget.reserve

    def attempts(self) -> list[StepRecord]:
        return [record for record in self.steps.values() if record.step.kind is StepKind.ATTEMPT]

    def open_attempts(self) -> list[StepRecord]:
        return [record for record in self.attempts() if not record.done]

    def done(self, id: str) -> bool:
        return id in self.steps and self.steps[id].done
