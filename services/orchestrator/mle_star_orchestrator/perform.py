"""Doing one step: each kind asks the services and returns what is to be recorded."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from pathlib import Path

from mle_star.artifacts import ArtifactStore
from mle_star.service.errors import BadInputError, ConflictError, ServiceError
from mle_star.tasks.attempt import Attempt, AttemptRequest, Member, Solution, SolutionRequest
from mle_star.tasks.competition import Competition
from mle_star.tasks.execution import Limits, Outcome
from mle_star.tasks.strategy import Plan, PlanRequest, Tried
from mle_star.tasks.task import TaskRequest
from mle_star.tasks.verdict import Predictions, Verdict, VerdictRequest
from mle_star_orchestrator.intake import take_in
from mle_star_orchestrator.services import Services
from mle_star_orchestrator.workflow.best import best_choice, ranked, submission_name
from mle_star_orchestrator.workflow.next_steps import BASELINE
from mle_star_orchestrator.workflow.state import Finish, Intake, Judged, Step, StepKind, StepResult, TaskState

CACHE = Path("~/.cache/mle_star/competitions")
BLENDED_AT_MOST = 8
OVERRUN = 2.5
WORTH_THREADS = 2_000_000
"""Training cells from which on a program gets more than one thread."""


async def perform(state: TaskState, step: Step, services: Services, artifacts: ArtifactStore) -> StepResult:
    """Raises ServiceError where the step could not be done."""
    match step.kind:
        case StepKind.INTAKE:
            return await asyncio.to_thread(_intake, state.request, artifacts)
        case StepKind.PLAN:
            return await _plan(state, step, services)
        case StepKind.ATTEMPT:
            return await _attempt(state, step, services)
        case StepKind.ENSEMBLE:
            return await _in_time(step, _ensemble(state, services))
        case StepKind.FINISH:
            return await _in_time(step, _finish(state, services))


def _intake(request: TaskRequest, artifacts: ArtifactStore) -> Intake:
    competition, labels = take_in(
        competition_folder(request),
        name=request.competition,
        store=artifacts,
        metric=request.metric,
        description=request.description,
        target=request.target,
        seed=request.seed,
    )
    return Intake(competition=competition, labels=labels)


def competition_folder(request: TaskRequest) -> Path:
    """Raises BadInputError where there is no such folder."""
    if request.data_dir is None:
        folder = (CACHE / request.competition).expanduser()
        if not folder.is_dir():
            raise BadInputError(f"there is no data of {request.competition!r} yet: give data_dir (--data-dir)")
        return folder
    try:
        folder = Path(request.data_dir).expanduser()
        found = folder.is_dir()
    except (OSError, RuntimeError) as error:  # a name that is too long, or the home of a user that there is not
        raise BadInputError(f"data_dir cannot be used: {getattr(error, 'strerror', None) or error}") from None
    if not folder.is_absolute():
        raise BadInputError(f"data_dir must be an absolute path, not {request.data_dir!r}")
    if not found:
        raise BadInputError(f"there is no folder {request.data_dir!r}: data_dir must hold the competition's files")
    return folder


async def _plan(state: TaskState, step: Step, services: Services) -> Plan:
    intake = _taken_in(state)
    tried = [
        _tried(id, state)
        for id, record in state.steps.items()
        if record.step.kind is StepKind.ATTEMPT and id in state.judged
    ]
    request = PlanRequest(
        task_id=state.id,
        competition=intake.competition,
        count=state.budget.strategies,
        tried=[one for one in tried if one.id != BASELINE],
        seed=state.request.seed,
    )
    return await services.plan(request, Plan)


def _tried(id: str, state: TaskState) -> Tried:
    judged, step = state.judged[id], state.steps[id].step
    assert step.strategy is not None
    verdict = judged.verdict or Verdict()
    return Tried(
        id=id,
        strategy=step.strategy,
        outcome=str(judged.attempt.outcome),
        score=verdict.score,
        standard_error=verdict.standard_error,
        seconds=judged.attempt.seconds,
        feedback=verdict.feedback or (judged.attempt.traceback or "")[-500:],
    )


async def _attempt(state: TaskState, step: Step, services: Services) -> Judged:
    intake = _taken_in(state)
    request = AttemptRequest(
        task_id=state.id,
        attempt_id=step.id,
        competition=intake.competition,
        strategy=step.strategy,
        seconds=step.seconds,
        limits=Limits(
            seconds=_limit(state, step),
            memory_bytes=state.budget.memory_bytes,
            cores=_cores(state, intake.competition),
        ),
        seed=state.request.seed,
    )
    attempt = await services.attempt(request, Attempt)
    if attempt.outcome is not Outcome.OK or attempt.held_out is None or attempt.test is None:
        return Judged(attempt=attempt)
    predictions = Predictions(attempt_id=step.id, held_out=attempt.held_out, test=attempt.test)
    return Judged(attempt=attempt, verdict=await _judge(state, [predictions], services))


def _cores(state: TaskState, competition: Competition) -> int:
    """Threads of one program. On small data a second thread waits more than it works, and far more on a busy core."""
    if competition.train_rows * len(competition.columns) < WORTH_THREADS:
        return 1
    return max(1, state.budget.cores // state.budget.strategies)


def _limit(state: TaskState, step: Step) -> float:
    """When the program is killed: well after what it plans with, since machines are noisy, but before the wrap-up.

    Counted from the first start of the step, so that whoever takes it over asks for the same execution.
    """
    left = state.wrap_up - (state.steps[step.id].started or state.accepted)
    return max(1.0, min(OVERRUN * step.seconds, state.budget.execution_seconds, left))


async def _judge(state: TaskState, predictions: list[Predictions], services: Services) -> Verdict:
    intake = _taken_in(state)
    request = VerdictRequest(
        task_id=state.id,
        competition=intake.competition,
        labels=intake.labels,
        predictions=predictions,
        seed=state.request.seed,
    )
    return await services.verdict(request, Verdict)


async def _ensemble(state: TaskState, services: Services) -> Verdict:
    ids = [id for id in ranked(state) if id != BASELINE][:BLENDED_AT_MOST]
    predictions = []
    for id in ids:
        attempt = state.judged[id].attempt
        assert attempt.held_out is not None
        assert attempt.test is not None
        predictions.append(Predictions(attempt_id=id, held_out=attempt.held_out, test=attempt.test))
    return await _judge(state, predictions, services)


async def _finish(state: TaskState, services: Services) -> Finish:
    """The final program of the best; its submission lies in the store since it was judged."""
    best = best_choice(state)
    if best is None or best.verdict.submission is None:
        raise ConflictError("there is no valid submission to finish with", code="no_submission")
    members = []
    for id, weight in best.weights.items():
        strategy = state.steps[id].step.strategy
        assert strategy is not None
        members.append(Member(strategy=strategy, settled=state.judged[id].attempt.settled, weight=weight))
    request = SolutionRequest(
        task_id=state.id,
        competition=_taken_in(state).competition,
        members=members,
        decision=best.verdict.decision,
        seed=state.request.seed,
    )
    solution = await services.solution(request, Solution)
    submission = best.verdict.submission
    return Finish(artifacts={submission_name(submission.name): submission, "solution.py": solution.program})


async def _in_time(step: Step, work: Awaitable[StepResult]) -> StepResult:
    try:
        async with asyncio.timeout(step.seconds):
            return await work
    except TimeoutError:
        raise ServiceError(f"{step.id} took longer than its {step.seconds:.0f} s", code="step_timeout") from None


def _taken_in(state: TaskState) -> Intake:
    assert state.intake is not None, "only intake itself comes before it"
    return state.intake
