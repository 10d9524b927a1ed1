"""A task as its user sees it: the view, the report and the journal, made from the state alone."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from mle_star.tasks.task import AttemptView, Best, Status, TaskView
from mle_star_orchestrator.workflow.best import best_choice
from mle_star_orchestrator.workflow.state import Event, StepKind, StepRecord, TaskState

PHASES = {
    StepKind.INTAKE: "reading the data",
    StepKind.PLAN: "planning",
    StepKind.ATTEMPT: "trying",
    StepKind.ENSEMBLE: "blending",
    StepKind.FINISH: "finishing",
}


def view(state: TaskState, now: float) -> TaskView:
    """`now` is in seconds since the epoch."""
    competition = state.intake.competition if state.intake else None
    return TaskView(
        id=state.id,
        competition=state.request.competition,
        status=state.status,
        phase=_phase(state),
        progress=_progress(state, now),
        created=_when(state.accepted),
        deadline=_when(state.deadline),
        ended=_when(state.ended) if state.ended else None,
        seconds_left=0 if state.status.final else max(0.0, round(state.deadline - now, 1)),
        metric=competition.metric.name if competition else None,
        direction=str(competition.metric.direction) if competition else None,
        best=_best(state),
        attempts=[_attempt(record, state) for record in state.attempts()],
        decisions=[decision.model_dump() for decision in competition.decisions] if competition else [],
        warnings=_warnings(state),
        error=state.error,
        links={"self": f"/tasks/{state.id}", "artifacts": f"/tasks/{state.id}/artifacts"},
    )


def report(state: TaskState) -> bytes:
    """report.json: what was decided, tried and chosen, and how far the score can be trusted."""
    seen = view(state, state.ended or state.accepted)
    best = best_choice(state)
    content: dict[str, Any] = seen.model_dump(mode="json", exclude={"links", "progress", "phase", "seconds_left"})
    content["budget"] = state.budget.model_dump()
    content["seconds_used"] = round(state.ended - state.accepted, 2) if state.ended else None
    if best is not None:
        content["weights"] = best.weights
        content["decision"] = best.verdict.decision
        content["violations"] = [violation.model_dump() for violation in best.verdict.violations]
        content["feedback"] = best.verdict.feedback
    return (json.dumps(content, indent=2) + "\n").encode()


def journal(events: list[Event]) -> bytes:
    """journal.jsonl: one line an event, in order."""
    lines = [json.dumps({"at": _when(e.at).isoformat(), "event": e.event, "id": e.id, **e.data}) for e in events]
    return "".join(line + "\n" for line in lines).encode()


def _phase(state: TaskState) -> str:
    if state.status.final:
        return str(state.status)
    open_steps = [record.step for record in state.steps.values() if not record.done]
    tried = [step.id for step in open_steps if step.kind is StepKind.ATTEMPT]
    if tried:
        return f"trying {', '.join(tried)}"
    return PHASES[open_steps[-1].kind] if open_steps else "waiting"


def _progress(state: TaskState, now: float) -> float:
    if state.status.final:
        return 1.0
    return round(min(0.99, max(0.0, (now - state.accepted) / state.budget.seconds)), 3)


def _best(state: TaskState) -> Best | None:
    if (best := best_choice(state)) is None:
        return None
    return Best(
        attempts=sorted(best.weights, key=lambda id: -best.weights[id]),
        score=best.verdict.score,
        standard_error=best.verdict.standard_error,
        verified=best.verdict.verified,
        blind=best.blind,
        since=_when(state.best_since) if state.best_since else None,
    )


def _attempt(record: StepRecord, state: TaskState) -> AttemptView:
    step, judged = record.step, state.judged.get(record.step.id)
    verdict = judged.verdict if judged else None
    if judged is not None:
        shown = str(judged.attempt.outcome)
    elif record.error is not None:
        shown = "failed"
    else:
        shown = "running" if record.lease else "waiting"
    return AttemptView(
        id=step.id,
        title=step.strategy.title if step.strategy else "",
        state=shown if not (state.status is Status.CANCELLED and not record.done) else "cancelled",
        parent=step.parent,
        score=verdict.score if verdict else None,
        standard_error=verdict.standard_error if verdict else None,
        seconds=round(judged.attempt.seconds, 2) if judged else None,
        feedback=(verdict.feedback if verdict else "") or (record.error.detail if record.error else ""),
    )


def _warnings(state: TaskState) -> list[str]:
    warnings = list(state.intake.competition.warnings) if state.intake else []
    best = best_choice(state)
    if best is not None and not best.blind:
        warnings.append("the score is not blind: this sandbox cannot hide files from a program (see mle-star doctor)")
    if best is not None and not best.verdict.verified:
        warnings.append("the score is unverified: no map ties the submission's rows to the rows that were scored")
    return warnings


def _when(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
