"""The changes of a task's state: a step handed out, claimed, kept, recorded, failed; the task ended.

Each takes the state, changes it in place, and returns the events that tell of it; None where it does not apply.
"""

from __future__ import annotations

from typing import Any

from mle_star.tasks.strategy import Plan
from mle_star.tasks.task import Problem, Status
from mle_star.tasks.verdict import Verdict
from mle_star_orchestrator.workflow.best import best_artifacts, best_choice, submission_name
from mle_star_orchestrator.workflow.state import (
    MAX_TRIES,
    Event,
    Finish,
    Intake,
    Judged,
    Lease,
    Step,
    StepKind,
    StepRecord,
    StepResult,
    TaskState,
)

LEASE_SECONDS = 20.0
UNCLAIMED_SECONDS = 30.0
"""A step that was handed out and that nobody claimed for so long is handed out again."""

Events = list[Event]


def hand_out(state: TaskState, steps: list[Step], now: float) -> Events | None:
    """Notes that the steps were put into the queue; those that are there already are left alone."""
    new = [step for step in steps if step.id not in state.steps]
    if state.status.final or not new:
        return None
    for step in new:
        state.steps[step.id] = StepRecord(step=step, tries=1, due=now + UNCLAIMED_SECONDS)
    return [Event(at=now, event="queued", id=step.id, data=_about(step)) for step in new]


def hand_out_again(state: TaskState, now: float) -> Events | None:
    """Steps whose owner died, or that were lost on the way. Those tried too often fail."""
    if state.status.final:
        return None
    events: Events = []
    for record in state.steps.values():
        held = record.lease is not None and record.lease.until > now
        if record.done or held or (record.lease is None and record.due > now):
            continue
        record.lease = None
        if record.tries >= MAX_TRIES:
            events += _failed(state, record, _lost(record), now)
        else:
            record.tries += 1
            record.due = now + UNCLAIMED_SECONDS
            events.append(Event(at=now, event="taken_over", id=record.step.id, data={"try": record.tries}))
    return events or None


def claim(state: TaskState, id: str, token: str, now: float) -> Events | None:
    """Gives the step to the owner of the token; None if it is done, held by another, or the task has ended."""
    record = state.steps.get(id)
    if state.status.final or record is None or record.done or (record.lease and record.lease.until > now):
        return None
    record.lease = Lease(token=token, until=now + LEASE_SECONDS)
    record.started = record.started or now
    return [Event(at=now, event="started", id=id)]


def owns(state: TaskState, id: str, token: str) -> bool:
    record = state.steps.get(id)
    lease = record.lease if record and not record.done else None
    return not state.status.final and lease is not None and lease.token == token


def keep(state: TaskState, id: str, token: str, now: float) -> Events | None:
    """Renews the lease; None if it was lost."""
    if not owns(state, id, token):
        return None
    state.steps[id].lease = Lease(token=token, until=now + LEASE_SECONDS)
    return []


def record_result(state: TaskState, id: str, token: str, result: StepResult, now: float) -> Events | None:
    """Records the result once; None if the step is not the token's own any more."""
    if not owns(state, id, token):
        return None
    record = state.steps[id]
    before = best_choice(state)
    match result:
        case Intake():
            state.intake = result
        case Plan():
            state.plans[id] = result
        case Judged():
            state.judged[id] = result
        case Verdict():
            state.ensemble = result
        case Finish():
            state.artifacts = result.artifacts
    record.ended, record.lease = now, None
    events = [Event(at=now, event="done", id=id, data={**_about(record.step), **_outcome(result)})]
    if (best := best_choice(state)) is not None and best != before:
        state.best_since = now
        events.append(Event(at=now, event="best", id=id, data={"score": best.verdict.score, "weights": best.weights}))
    if record.step.kind is StepKind.FINISH:
        events += _end(state, now)
    return events


def record_error(state: TaskState, id: str, token: str, problem: Problem, now: float) -> Events | None:
    """Records that the step itself failed: tried again in a second where that can help, and not too often."""
    if not owns(state, id, token):
        return None
    record = state.steps[id]
    record.lease = None
    if problem.retry and record.tries < MAX_TRIES:
        record.due = now + 1
        return [Event(at=now, event="failed", id=id, data={"code": problem.code, "detail": problem.detail})]
    return _failed(state, record, problem, now)


def cancel(state: TaskState, now: float) -> Events | None:
    if state.status.final:
        return None
    state.status, state.ended = Status.CANCELLED, now
    return [Event(at=now, event="cancelled")]


def end_overdue(state: TaskState, now: float) -> Events | None:
    """Ends a task whose finish did not come in time, with the best there is."""
    if state.status.final or now <= state.deadline:
        return None
    return _end(state, now)


def _failed(state: TaskState, record: StepRecord, problem: Problem, now: float) -> Events:
    record.error, record.ended = problem, now
    kind = record.step.kind
    events = [Event(at=now, event="given_up", id=record.step.id, data={"code": problem.code, "detail": problem.detail})]
    if kind is StepKind.INTAKE:
        state.status, state.ended, state.error = Status.FAILED, now, problem
        events.append(Event(at=now, event=str(state.status)))
    elif kind is StepKind.PLAN:
        state.plans[record.step.id] = Plan(strategies=[], source="none")
    elif kind is StepKind.FINISH:
        events += _end(state, now)
    return events


def _end(state: TaskState, now: float) -> Events:
    """Succeeded with the best valid submission; failed where no attempt made one: then the sample stands in."""
    best = best_choice(state)
    state.ended = now
    state.status = Status.SUCCEEDED if best else Status.FAILED
    if best is None:
        state.error = _nothing(state)
        if state.intake is not None:
            sample = state.intake.competition.files.sample
            state.artifacts = {submission_name(sample): state.intake.competition.artifacts[sample]}
    elif "solution.py" not in state.artifacts:
        state.artifacts = best_artifacts(state)
    data = {"score": best.verdict.score} if best else {}
    return [Event(at=now, event=str(state.status), data=data)]


def _nothing(state: TaskState) -> Problem:
    errors = [record.error.detail for record in state.steps.values() if record.error]
    outcomes = [f"{id}: {judged.attempt.outcome}" for id, judged in state.judged.items()]
    why = "; ".join(errors + outcomes) or "the time ran out before the first attempt ended"
    detail = f"{why}; the submission is the sample's own answers: give more minutes, or look into the stack's log"
    return Problem(title="No attempt made a valid submission", status=500, code="no_submission", detail=detail)


def _lost(record: StepRecord) -> Problem:
    detail = f"the process that did {record.step.id} died {record.tries} times; the stack's log says how"
    return Problem(title="A step was lost", status=500, code="step_lost", detail=detail)


def _about(step: Step) -> dict[str, Any]:
    about: dict[str, Any] = {"kind": str(step.kind)}
    if step.strategy:
        about |= {"strategy": step.strategy.model_dump(mode="json"), "parent": step.parent, "seconds": step.seconds}
    return about


def _outcome(result: StepResult) -> dict[str, Any]:
    """What the journal says of a result."""
    match result:
        case Intake(competition=competition):
            return {"decisions": [decision.model_dump() for decision in competition.decisions]}
        case Plan():
            return {"source": result.source, "strategies": [strategy.title for strategy in result.strategies]}
        case Judged(attempt=attempt, verdict=verdict):
            said = verdict.model_dump(mode="json", exclude={"decision"}) if verdict else {}
            return {
                "outcome": attempt.outcome,
                "run_seconds": round(attempt.seconds, 3),
                "blind": attempt.blind,
                "program": attempt.program.digest,
                "traceback": attempt.traceback,
                "verdict": said,
            }
        case Verdict():
            return {"verdict": result.model_dump(mode="json", exclude={"decision"})}
        case Finish():
            return {"artifacts": {name: artifact.digest for name, artifact in result.artifacts.items()}}
