"""The workflow as a pure function of state and time: played through by hand and at random."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mle_star_orchestrator.workflow.best import best_choice, ranked
from mle_star_orchestrator.workflow.next_steps import next_steps
from mle_star_orchestrator.workflow.record import (
    LEASE_SECONDS,
    UNCLAIMED_SECONDS,
    cancel,
    claim,
    end_overdue,
    hand_out,
    hand_out_again,
    keep,
    record_error,
    record_result,
)
from mle_star_orchestrator.workflow.state import (
    MAX_TRIES,
    Budget,
    Finish,
    Intake,
    Judged,
    Step,
    StepKind,
    StepResult,
    TaskState,
)

from mle_star.tasks.execution import Outcome
from mle_star.tasks.strategy import Plan, Strategy
from mle_star.tasks.task import Problem, Status, TaskRequest
from tests.fakes.competitions import artifact, attempt, binary_competition, verdict

RETRY = Problem(title="t", status=503, code="unavailable", detail="d", retry=True)
FATAL = Problem(title="t", status=422, code="bad_input", detail="d")


def new_state(minutes: float = 10, metric: str = "accuracy", **budget: float) -> TaskState:
    fields = {"strategies": 3, "iterations": 2, "cores": 2, "execution_seconds": 300, "memory_bytes": 1 << 30, **budget}
    return TaskState(
        id="t",
        request=TaskRequest(competition="small"),
        budget=Budget(seconds=minutes * 60, **fields),
        accepted=0,
    )


def intake(metric: str = "accuracy") -> Intake:
    return Intake(competition=binary_competition(metric), labels=artifact("labels.parquet"))


def result_of(step: Step, state: TaskState, score: float = 0.5) -> StepResult:
    match step.kind:
        case StepKind.INTAKE:
            return intake()
        case StepKind.PLAN:
            return Plan(strategies=[Strategy(title=f"{step.id} {n}", recipe="lightgbm") for n in range(3)])
        case StepKind.ATTEMPT:
            return Judged(attempt=attempt(), verdict=verdict(score))
        case StepKind.ENSEMBLE:
            weights = dict.fromkeys([id for id in ranked(state) if id != "baseline"][:2], 0.5)
            return verdict(score + 0.01, weights=weights, gain_probability=0.9)
        case StepKind.FINISH:
            return Finish(artifacts={"submission.csv": artifact("s"), "solution.py": artifact("p")})


def step_through(state: TaskState, now: float, *ids: str) -> None:
    """Hands out, claims and records the steps, which must be those that can begin."""
    for id in ids:
        hand_out(state, next_steps(state, now), now)
        assert claim(state, id, "me", now) is not None, f"{id} was not to be had"
        record_result(state, id, "me", result_of(state.steps[id].step, state), now)


def ready(state: TaskState, now: float) -> list[str]:
    return [step.id for step in next_steps(state, now)]


def test_the_steps_come_in_the_order_of_the_method() -> None:
    state = new_state()
    assert ready(state, 0) == ["intake"]
    step_through(state, 0, "intake")
    assert ready(state, 1) == ["baseline"], "a valid submission comes before any advice"
    step_through(state, 1, "baseline")
    assert ready(state, 2) == ["plan0"]
    step_through(state, 2, "plan0")
    assert ready(state, 3) == ["s1", "s2", "s3"]
    step_through(state, 3, "s1")
    assert ready(state, 4) == [], "both cores are busy"
    step_through(state, 4, "s2")
    assert ready(state, 5) == ["plan1"], "one core is idle: the refinement need not wait for the slowest"
    step_through(state, 5, "plan1")
    assert ready(state, 6) == ["r1a", "r1b", "r1c"]
    step_through(state, 6, "s3", "r1a", "r1b", "r1c", "plan2", "r2a", "r2b", "r2c")
    assert ready(state, 7) == ["ensemble"]
    step_through(state, 7, "ensemble")
    assert ready(state, 8) == ["finish"]
    step_through(state, 8, "finish")
    assert state.status is Status.SUCCEEDED
    assert ready(state, 9) == []


def test_an_empty_plan_of_refinements_ends_the_search() -> None:
    state = new_state(iterations=5)
    step_through(state, 0, "intake", "baseline", "plan0", "s1", "s2", "s3")
    hand_out(state, next_steps(state, 1), 1)
    claim(state, "plan1", "me", 1)
    record_result(state, "plan1", "me", Plan(strategies=[]), 1)
    assert ready(state, 2) == ["ensemble"]


def test_one_attempt_needs_no_ensemble() -> None:
    state = new_state(iterations=0, strategies=1)
    step_through(state, 0, "intake", "baseline", "plan0", "s1")
    for id in ("s2", "s3"):
        claim(state, id, "me", 1)
        record_result(state, id, "me", Judged(attempt=attempt(Outcome.ERROR)), 1)
    assert ready(state, 2) == ["finish"]


def test_an_attempt_gets_a_share_of_the_time_left_and_never_more_than_the_setting() -> None:
    state = new_state(minutes=2)
    step_through(state, 0, "intake", "baseline", "plan0")
    seconds = [step.seconds for step in next_steps(state, 0)]
    left = state.wrap_up
    assert seconds == [pytest.approx(left * 0.6 / 2)] * 3
    state = new_state(minutes=600, execution_seconds=30)
    step_through(state, 0, "intake", "baseline", "plan0")
    assert {step.seconds for step in next_steps(state, 0)} == {30}


def test_the_clock_cuts_the_search_short() -> None:
    state = new_state()
    step_through(state, 0, "intake", "baseline", "plan0", "s1", "s2")
    assert ready(state, state.wrap_up + 0.1) == ["ensemble"]
    assert ready(state, state.deadline - 0.1) == ["finish"]
    state = new_state()
    step_through(state, 0, "intake")
    assert ready(state, state.deadline - 0.1) == ["finish"]


def test_no_attempt_begins_that_has_no_time() -> None:
    state = new_state()
    step_through(state, 0, "intake", "baseline")
    assert ready(state, state.wrap_up - 1) == ["finish"]


def test_bad_input_ends_the_task() -> None:
    state = new_state()
    hand_out(state, next_steps(state, 0), 0)
    claim(state, "intake", "me", 0)
    events = record_error(state, "intake", "me", FATAL, 1)
    assert state.status is Status.FAILED
    assert state.error == FATAL
    assert [event.event for event in events or []] == ["given_up", "failed"]
    assert ready(state, 2) == []


def test_a_step_has_one_owner_and_is_recorded_once() -> None:
    state = new_state()
    hand_out(state, next_steps(state, 0), 0)
    assert claim(state, "intake", "one", 0) is not None
    assert claim(state, "intake", "two", 1) is None
    assert record_result(state, "intake", "two", intake(), 1) is None
    assert record_result(state, "intake", "one", intake(), 1) is not None
    assert record_result(state, "intake", "one", intake(), 1) is None
    assert claim(state, "intake", "three", 100) is None


def test_a_kept_lease_is_not_taken_over_and_a_lost_one_is() -> None:
    state = new_state()
    hand_out(state, next_steps(state, 0), 0)
    claim(state, "intake", "one", 0)
    assert keep(state, "intake", "one", LEASE_SECONDS - 1) == []
    assert hand_out_again(state, LEASE_SECONDS + 1) is None
    again = 2 * LEASE_SECONDS
    assert [event.event for event in hand_out_again(state, again) or []] == ["taken_over"]
    assert hand_out_again(state, again + 1) is None, "once is enough"
    assert claim(state, "intake", "two", again + 1) is not None
    assert record_result(state, "intake", "one", intake(), again + 2) is None, "the dead owner came back: too late"


def test_a_step_that_nobody_claims_is_handed_out_again_and_given_up_in_the_end() -> None:
    state = new_state()
    hand_out(state, next_steps(state, 0), 0)
    now = 0.0
    for _ in range(MAX_TRIES - 1):
        now += UNCLAIMED_SECONDS
        assert hand_out_again(state, now) is not None
    now += UNCLAIMED_SECONDS
    hand_out_again(state, now)
    assert state.status is Status.FAILED
    assert state.error is not None
    assert state.error.code == "step_lost"


def test_a_service_that_was_away_is_asked_again() -> None:
    state = new_state()
    step_through(state, 0, "intake")
    hand_out(state, next_steps(state, 0), 0)
    claim(state, "baseline", "me", 0)
    record_error(state, "baseline", "me", RETRY, 5)
    assert hand_out_again(state, 5.5) is None
    assert hand_out_again(state, 6) is not None
    assert not state.steps["baseline"].done


def test_a_failed_attempt_never_beats_an_honest_bad_score() -> None:
    state = new_state()
    step_through(state, 0, "intake", "baseline", "plan0")
    state.intake = intake("r2")
    hand_out(state, next_steps(state, 0), 0)
    for id, judged in {
        "s1": Judged(attempt=attempt(), verdict=verdict(-3.0)),
        "s2": Judged(attempt=attempt(Outcome.ERROR)),
        "s3": Judged(attempt=attempt(), verdict=verdict(None)),
    }.items():
        claim(state, id, "me", 0)
        record_result(state, id, "me", judged, 0)
    assert ranked(state) == ["baseline", "s1", "s3"]


def test_lower_is_better_where_the_metric_says_so() -> None:
    state = new_state()
    step_through(state, 0, "intake", "baseline", "plan0")
    state.intake = intake("log_loss")
    hand_out(state, next_steps(state, 0), 0)
    for id, score in (("s1", 0.4), ("s2", 0.3)):
        claim(state, id, "me", 0)
        record_result(state, id, "me", Judged(attempt=attempt(), verdict=verdict(score)), 0)
    assert ranked(state)[0] == "s2"


@pytest.mark.parametrize(("probability", "blended"), [(0.9, True), (0.36, True), (0.3, False), (None, False)])
def test_a_blend_is_taken_unless_it_is_likely_worse(probability: float | None, blended: bool) -> None:
    state = new_state(iterations=0)
    step_through(state, 0, "intake", "baseline", "plan0", "s1", "s2", "s3")
    state.ensemble = verdict(0.6, weights={"s1": 0.5, "s2": 0.5}, gain_probability=probability)
    best = best_choice(state)
    assert best is not None
    assert (len(best.weights) == 2) is blended


def test_a_finish_that_fails_still_leaves_the_best_submission() -> None:
    state = new_state()
    step_through(state, 0, "intake", "baseline")
    now = state.deadline - 0.1
    hand_out(state, next_steps(state, now), now)
    claim(state, "finish", "me", now)
    record_error(state, "finish", "me", FATAL, now)
    assert state.status is Status.SUCCEEDED
    assert set(state.artifacts) == {"submission.csv", "solution.py"}


def test_an_overdue_task_ends_with_the_best_there_is() -> None:
    state = new_state()
    step_through(state, 0, "intake", "baseline")
    assert end_overdue(state, state.deadline - 1) is None
    assert end_overdue(state, state.deadline + 1) is not None
    assert state.status is Status.SUCCEEDED
    assert "submission.csv" in state.artifacts
    state = new_state()
    end_overdue(state, state.deadline + 1)
    assert state.status is Status.FAILED
    assert state.error is not None
    assert state.error.code == "no_submission"


def test_a_cancelled_task_takes_no_more_results() -> None:
    state = new_state()
    hand_out(state, next_steps(state, 0), 0)
    claim(state, "intake", "me", 0)
    assert cancel(state, 1) is not None
    assert cancel(state, 2) is None
    assert record_result(state, "intake", "me", intake(), 2) is None
    assert keep(state, "intake", "me", 2) is None
    assert state.status is Status.CANCELLED


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), death=st.floats(0, 0.5), minutes=st.sampled_from([0.2, 1.0, 10.0]))
def test_whatever_dies_the_task_ends_in_time_and_with_a_submission_if_the_baseline_ran(
    seed: int, death: float, minutes: float
) -> None:
    """Workers die, services fail, steps take any time: played on a simulated clock."""
    rng = random.Random(seed)
    state, now = new_state(minutes=minutes), 0.0
    working: dict[str, float] = {}
    recorded: list[str] = []
    while not state.status.final:
        hand_out(state, next_steps(state, now), now)
        for id in list(state.steps):
            if len(working) < 3 and id not in working and claim(state, id, f"{id}-{now}", now) is not None:
                working[id] = now + rng.expovariate(1 / 4)
        now += 0.5
        for id, end in list(working.items()):
            lease = state.steps[id].lease
            token = lease.token if lease else "lost"
            if rng.random() < death * 0.2:
                del working[id]
            elif end <= now:
                del working[id]
                step = state.steps[id].step
                if step.kind is StepKind.FINISH and not state.judged:
                    record_error(state, id, token, FATAL, now)
                elif rng.random() < death * 0.5:
                    record_error(state, id, token, RETRY, now)
                elif record_result(state, id, token, result_of(step, state, rng.random()), now) is not None:
                    recorded.append(id)
            else:
                keep(state, id, token, now)
        hand_out_again(state, now)
        end_overdue(state, now)
        assert now <= state.deadline + 1
    assert len(recorded) == len(set(recorded))
    assert (state.status is Status.SUCCEEDED) == bool(state.judged)
    assert (state.intake is not None) == ("submission.csv" in state.artifacts)
