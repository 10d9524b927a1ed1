"""Plans without a model."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient
from mle_star_planner_gateway.app import build_app
from mle_star_planner_gateway.backends.recipes import propose

from mle_star.config import Settings
from mle_star.tasks.competition import (
    Column,
    ColumnKind,
    Competition,
    Files,
    Layout,
    RowMap,
    Split,
    SplitKind,
    Submission,
    Target,
)
from mle_star.tasks.metric import find_metric
from mle_star.tasks.recipes import RECIPES, identity
from mle_star.tasks.strategy import PlanRequest, Strategy, Tried
from mle_star.tasks.task import TaskType


def competition(
    kinds: str = "number number category", *, rows: int = 1000, metric: str = "accuracy", classes: int = 2, **more: Any
) -> Competition:
    columns = [
        Column(name=f"c{place}", kind=ColumnKind(kind), distinct=50, missing=0)
        for place, kind in enumerate(kinds.split())
    ]
    target = Target(name="y", classes=list(range(classes)) if classes else None)
    return Competition(
        **{
            "name": "made-up",
            "task_type": TaskType.CLASSIFICATION if classes else TaskType.REGRESSION,
            "metric": find_metric(metric),
            "targets": [target],
            "columns": columns,
            "train_rows": rows,
            "test_rows": 100,
            "files": Files(train="train.csv", test="test.csv", sample="sample.csv"),
            "artifacts": {},
            "submission": Submission(
                columns=["id", "y"], answers=["y"], layout=Layout.TARGETS, rows=RowMap.ONE_TO_ONE, count=100
            ),
            "split": Split(kind=SplitKind.RANDOM),
            **more,
        }
    )


def plan(of: Competition, tried: list[Tried] = [], count: int = 3, seed: int = 0) -> list[Strategy]:  # noqa: B006
    return propose(PlanRequest(task_id="t", competition=of, count=count, tried=tried, seed=seed))


def tried(strategy: Strategy, score: float | None, outcome: str = "ok") -> Tried:
    return Tried(id=f"a-{strategy.recipe}", strategy=strategy, outcome=outcome, score=score)


@pytest.mark.parametrize(
    ("of", "first"),
    [
        (competition(), "lightgbm"),
        (competition("text category"), "text"),
        (competition("list"), "text"),
        (competition(metric="rmse", classes=0, rows=500), "lasso"),
        (competition(metric="quadratic_kappa", classes=5), "ordinal"),
        (competition(metric="quadratic_kappa", classes=2), "lightgbm"),
        (competition(metric="rmse", classes=0, rows=50_000), "lightgbm"),
    ],
)
def test_the_first_plan_is_three_recipes_that_fit_the_data(of: Competition, first: str) -> None:
    strategies = plan(of)
    assert strategies[0].recipe == first
    assert len({strategy.recipe for strategy in strategies}) == 3
    assert all(RECIPES[strategy.recipe].fits(of) for strategy in strategies)
    assert "baseline" not in {strategy.recipe for strategy in strategies}


def test_texts_are_read_only_where_there_are_some() -> None:
    assert {"text", "mixed"}.isdisjoint(s.recipe for s in plan(competition(), count=16))


def test_what_is_dear_comes_last() -> None:
    assert plan(competition(), count=2)[1].recipe == "catboost"
    assert plan(competition(rows=1_000_000, classes=20), count=16)[-1].recipe == "catboost"


def test_nothing_is_proposed_where_nothing_can_be_scored() -> None:
    form = competition().submission.model_copy(update={"layout": Layout.UNKNOWN})
    assert plan(competition(submission=form)) == []
    assert plan(competition(targets=[])) == []


def test_refinements_start_from_the_best_and_mix_with_untried_recipes() -> None:
    of = competition()
    first = plan(of)
    scores = [tried(strategy, score) for strategy, score in zip(first, (0.7, 0.9, 0.8), strict=True)]
    following = plan(of, scores, count=4)
    assert following[0].recipe == first[1].recipe
    assert {strategy.recipe for strategy in following} - {strategy.recipe for strategy in first}


def test_lower_is_better_where_the_metric_says_so() -> None:
    of = competition(metric="rmse", classes=0)
    first = plan(of)
    scores = [tried(strategy, score) for strategy, score in zip(first, (3.0, 1.0, 2.0), strict=True)]
    assert plan(of, scores, count=1)[0].recipe == first[1].recipe


@pytest.mark.parametrize("kinds", ["number category", "text number", "text list category"])
def test_nothing_is_ever_proposed_twice(kinds: str) -> None:
    of, history, seen = competition(kinds), [], set()
    for round_ in range(30):
        strategies = plan(of, history)
        made = [identity(strategy) for strategy in strategies]
        assert len(set(made)) == len(made)
        assert seen.isdisjoint(made)
        seen.update(made)
        history += [tried(strategy, 0.5 + round_ / 1000) for strategy in strategies]
        if not strategies:
            break
    assert len(seen) > 20


def test_a_recipe_that_only_failed_is_left_alone() -> None:
    of = competition()
    first = plan(of)
    history = [tried(first[0], None, "out_of_memory"), tried(first[1], 0.8), tried(first[2], 0.7)]
    for _ in range(10):
        strategies = plan(of, history)
        assert first[0].recipe not in {strategy.recipe for strategy in strategies}
        history += [tried(strategy, 0.6) for strategy in strategies]


def test_after_failures_alone_other_recipes_are_tried() -> None:
    of = competition()
    history = [tried(strategy, None, "error") for strategy in plan(of)]
    following = plan(of, history)
    assert following
    assert {s.recipe for s in following}.isdisjoint(one.strategy.recipe for one in history)


def test_it_is_deterministic() -> None:
    of = competition("text number category")
    history = [tried(strategy, 0.5) for strategy in plan(of)]
    assert plan(of, history, count=8) == plan(of, history, count=8)


def test_the_service_answers_a_plan() -> None:
    request = PlanRequest(task_id="t", competition=competition())
    with TestClient(build_app(Settings())) as client:
        assert client.get("/readyz").status_code == 200
        assert client.put("/plans/p1", json=request.model_dump(mode="json")).status_code == 202
        view = client.get("/plans/p1", params={"wait": 5}).json()
    assert view["state"] == "done"
    assert view["result"]["source"] == "recipes"
    assert len(view["result"]["strategies"]) == 3


def test_a_strategy_of_no_catalogue_is_bad_input() -> None:
    history = [tried(Strategy(title="?", recipe="alchemy"), 0.1)]
    request = PlanRequest(task_id="t", competition=competition(), tried=history)
    with TestClient(build_app(Settings())) as client:
        client.put("/plans/p2", json=request.model_dump(mode="json"))
        view = client.get("/plans/p2", params={"wait": 5}).json()
    assert view["state"] == "failed"
    assert view["error"]["status"] == 422
    assert "alchemy" in view["error"]["detail"]
