"""A task as its user posts it and sees it."""

from __future__ import annotations

import re
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

MAX_MINUTES = 24 * 60


class TaskType(StrEnum):
    CLASSIFICATION = "classification"
    REGRESSION = "regression"
    RANKING = "ranking"
    OTHER = "other"


class Task(BaseModel):
    """A task of one's own, as `MLEStarClient.execute_task` takes it."""

    description: str
    task_type: TaskType | None = None
    success_criteria: list[str] = []
    data_dir: str | None = None
    metric: str | None = None


class TaskRequest(BaseModel):
    """The body of `POST /tasks`. What is None takes the server's default."""

    model_config = ConfigDict(extra="forbid")

    competition: str = Field(min_length=1, max_length=100)
    data_dir: str | None = Field(None, max_length=4096)
    metric: str | None = Field(None, max_length=200)
    description: str | None = Field(None, max_length=100_000)
    target: str | None = Field(None, max_length=1000)
    minutes: float | None = Field(None, gt=0, le=MAX_MINUTES)
    strategies: int | None = Field(None, ge=1, le=16)
    iterations: int | None = Field(None, ge=0, le=50)
    seed: int = Field(0, ge=0, lt=2**31)

    @field_validator("competition")
    @classmethod
    def _is_a_plain_name(cls, name: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name) or ".." in name:
            raise ValueError("a competition's name has letters, digits, '.', '_' and '-' only, such as 'titanic'")
        return name


class Status(StrEnum):
    """`succeeded`, `failed` and `cancelled` are final."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        return self is not Status.RUNNING


class AttemptView(BaseModel):
    """An attempt as the task's document shows it."""

    id: str
    title: str
    state: str = Field(description="waiting, running, or the outcome of the execution")
    parent: str | None = None
    score: float | None = None
    standard_error: float | None = None
    seconds: float | None = None
    feedback: str = ""


class Best(BaseModel):
    """The best so far: its submission is valid. `blind`: it could not have seen the labels it is scored on."""

    attempts: list[str]
    score: float | None = None
    standard_error: float | None = None
    verified: bool = True
    blind: bool = True
    since: datetime | None = None


class Problem(BaseModel):
    """Why something failed: `code` is for programs, `detail` says what to do (RFC 9457)."""

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str
    retry: bool = False


class TaskView(BaseModel):
    """`GET /tasks/{id}`."""

    id: str
    competition: str
    status: Status
    phase: str = Field(description="what is being done now, in a word or two")
    progress: float = Field(ge=0, le=1)
    created: datetime
    deadline: datetime
    ended: datetime | None = None
    seconds_left: float
    metric: str | None = None
    direction: str | None = None
    best: Best | None = None
    attempts: list[AttemptView] = []
    decisions: list[dict[str, Any]] = []
    warnings: list[str] = []
    error: Problem | None = None
    links: dict[str, str] = {}


class ArtifactView(BaseModel):
    """`GET /tasks/{id}/artifacts` lists these; `size` is in bytes."""

    name: str
    size: int
    digest: str
    link: str
