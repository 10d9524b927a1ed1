"""Which attempt, or which blend, is the best so far."""

from __future__ import annotations

from pathlib import PurePath

from pydantic import BaseModel

from mle_star.tasks.artifact import Artifact
from mle_star.tasks.verdict import Verdict
from mle_star_orchestrator.workflow.state import TaskState

DOUBT = 0.35
"""A blend that is better than its best member with at least this probability is taken: in doubt, average."""


class Choice(BaseModel):
    """The verdict of the best, and the weights of the attempts that make it."""

    verdict: Verdict
    weights: dict[str, float]
    blind: bool


def ranked(state: TaskState) -> list[str]:
    """The ids of the attempts with a valid submission, the best first; those without a score come last."""
    if state.intake is None:
        return []
    sign = state.intake.competition.metric.sign

    def rank(id: str) -> tuple[bool, float]:
        verdict = state.judged[id].verdict
        score = verdict.score if verdict else None
        return (score is not None, sign * (score or 0))

    valid = [id for id, judged in state.judged.items() if judged.verdict and judged.verdict.valid]
    return sorted(valid, key=rank, reverse=True)


def best_choice(state: TaskState) -> Choice | None:
    """The blend where there is one and it is not likely worse; else the best attempt; None before the first."""
    order = ranked(state)
    blend = state.ensemble
    if blend is not None and blend.valid and (blend.gain_probability or 0) >= DOUBT:
        blind = all(state.judged[id].attempt.blind for id in blend.weights)
        return Choice(verdict=blend, weights=blend.weights, blind=blind)
    if not order:
        return None
    best = state.judged[order[0]]
    assert best.verdict is not None
    return Choice(verdict=best.verdict, weights={order[0]: 1.0}, blind=best.attempt.blind)


def best_artifacts(state: TaskState) -> dict[str, Artifact]:
    """The best submission so far and, of a blend, the program of its heaviest member; none before the first."""
    best = best_choice(state)
    if best is None or best.verdict.submission is None:
        return {}
    first = max(best.weights, key=lambda id: best.weights[id])
    submission = best.verdict.submission
    return {submission_name(submission.name): submission, "solution.py": state.judged[first].attempt.program}


def submission_name(name: str) -> str:
    """`submission` with the form of the sample's own name: `sample.tsv.gz` gives `submission.tsv.gz`."""
    return "submission" + ("".join(PurePath(name).suffixes[-2:]) or ".csv")
