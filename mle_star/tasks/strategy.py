"""The planner's idea of a solution, and what it is asked with."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from mle_star.tasks.competition import Competition


class Strategy(BaseModel):
    """A recipe of the catalogue with some slots or parameters changed."""

    title: str
    recipe: str
    slots: dict[str, str] = Field({}, description="slot to variant, where it is not the recipe's own")
    params: dict[str, Any] = Field({}, description="parameters, where they are not the variants' own")
    reason: str = ""


class Tried(BaseModel):
    """A strategy that was tried and what came of it, for whoever proposes the next."""

    id: str
    strategy: Strategy
    outcome: str
    score: float | None = None
    standard_error: float | None = None
    seconds: float = 0
    feedback: str = ""


class PlanRequest(BaseModel):
    """Asks for `count` strategies that differ from those `tried`; with `tried`, refinements of the best."""

    task_id: str
    competition: Competition
    count: int = Field(3, ge=1, le=16)
    tried: list[Tried] = []
    seed: int = Field(0, ge=0, lt=2**31)


class Plan(BaseModel):
    """The strategies, best first; fewer than asked for when nothing is left to try."""

    strategies: list[Strategy]
    source: str = Field("recipes", description="which rung answered")
