"""What is to be done next: decided here, and only here."""

from __future__ import annotations

import math
import string

from mle_star.tasks.strategy import Strategy
from mle_star_orchestrator.workflow.best import ranked
from mle_star_orchestrator.workflow.state import Step, StepKind, TaskState

BASELINE = "baseline"
LEAST_SECONDS = 3.0
"""An attempt that would have less time than this is not begun."""

SEARCH_SHARE = 0.6
"""How much of the time left one wave of attempts may take, so that a slow one leaves time for others."""


def next_steps(state: TaskState, now: float) -> list[Step]:
    """The steps that can begin now and have not been handed out. `now` is in seconds since the epoch.

    Intake, then the baseline, then a plan with all its strategies at once; while cores are idle, rounds of
    refinement; at last the ensemble and the finish. The clock cuts it short at any point.
    """
    if state.status.final or state.done("finish"):
        return []
    return [step for step in _wanted(state, now) if step.id not in state.steps]


def _wanted(state: TaskState, now: float) -> list[Step]:
    if state.intake is None:
        return [Step(id="intake", kind=StepKind.INTAKE, seconds=state.budget.seconds)]
    if now >= state.deadline - state.budget.reserve / 2 or state.done("ensemble"):
        return [_finish(state, now)]
    if now >= state.wrap_up:
        return _closing(state, now)
    if not state.done(BASELINE):
        return [_baseline(state)]
    search = _search(state, now)
    if search or state.open_attempts() or _waits_for_a_plan(state):
        return search
    return _closing(state, now)


def _baseline(state: TaskState) -> Step:
    strategy = Strategy(title="Baseline", recipe="baseline", reason="a valid submission comes first")
    return Step(id=BASELINE, kind=StepKind.ATTEMPT, seconds=max(1.0, state.budget.seconds / 4), strategy=strategy)


def _search(state: TaskState, now: float) -> list[Step]:
    """The attempts of the plans so far; the next plan when cores are idle and rounds are left."""
    left = state.wrap_up - now
    if left < _needed(state):
        return []
    for number in range(state.budget.iterations + 1):
        plan = state.plans.get(f"plan{number}")
        if plan is None:
            idle = number == 0 or len(state.open_attempts()) < state.budget.cores
            return [Step(id=f"plan{number}", kind=StepKind.PLAN, seconds=left)] if idle else []
        if not plan.strategies and number > 0:
            return []  # nothing is left to try
        steps = _attempts(state, number, plan.strategies, left)
        if any(step.id not in state.steps for step in steps):
            return steps
    return []


def _attempts(state: TaskState, number: int, strategies: list[Strategy], left: float) -> list[Step]:
    """s1, s2, … of the first plan; r1a, r1b, … of the first round of refinement. All of a plan start at once."""
    parent = None if number == 0 else next((id for id in ranked(state) if id != BASELINE), None)
    waves = math.ceil((len(strategies) + len(state.open_attempts())) / state.budget.cores)
    seconds = min(state.budget.execution_seconds, max(_needed(state), left * SEARCH_SHARE / max(1, waves)))
    return [
        Step(
            id=f"s{place + 1}" if number == 0 else f"r{number}{string.ascii_lowercase[place]}",
            kind=StepKind.ATTEMPT,
            seconds=seconds,
            strategy=strategy,
            parent=parent,
        )
        for place, strategy in enumerate(strategies)
    ]


def _needed(state: TaskState) -> float:
    """The least time that an attempt can be hoped to end in: that of the fastest so far."""
    ended = [judged.attempt.seconds for id, judged in state.judged.items() if id != BASELINE and judged.verdict]
    return max(LEAST_SECONDS, min(ended, default=0))


def _waits_for_a_plan(state: TaskState) -> bool:
    return any(record.step.kind is StepKind.PLAN and not record.done for record in state.steps.values())


def _closing(state: TaskState, now: float) -> list[Step]:
    """The ensemble where there is something to blend, then the finish."""
    blendable = [id for id in ranked(state) if id != BASELINE]
    if len(blendable) < 2:
        return [_finish(state, now)]
    seconds = max(1.0, state.deadline - state.budget.reserve / 2 - now)
    return [Step(id="ensemble", kind=StepKind.ENSEMBLE, seconds=seconds)]


def _finish(state: TaskState, now: float) -> Step:
    return Step(id="finish", kind=StepKind.FINISH, seconds=max(1.0, state.deadline - now))
