"""Every kind of competition: taken in as it should be, valid submissions, and scores that a grader confirms."""

from __future__ import annotations

from pathlib import Path

import pytest
from mle_star_executor.recipes.main import submission_name

from mle_star.tasks.metric import METRICS
from mle_star.tasks.recipes import RECIPES
from mle_star.tasks.strategy import Strategy
from tests.generated.competitions import SHAPES, make_shape
from tests.generated.grades import grade
from tests.generated.pipeline import Pipeline

ROWS = 400
SECONDS = 1.0
VARIED = (
    "pizza_requests", "phrase_matching", "crime", "bike_sharing", "store_sales", "fertilizer", "id_in_the_submission",
    "another_case", "leaf_species", "useless_columns",
)  # fmt: skip
FAST = {"lightgbm": {"rate": 0.3}, "catboost": {"rate": 0.3, "rounds": 50}, "forest": {"trees": 30}}

pytestmark = [
    pytest.mark.filterwarnings("ignore::UserWarning", "ignore::RuntimeWarning"),
]


def every_one() -> list[object]:
    return [pytest.param(name, marks=() if name in VARIED else pytest.mark.long) for name in SHAPES]


@pytest.mark.parametrize("name", every_one())
def test_a_competition_of_this_kind_is_understood_and_answered(name: str, tmp_path: Path) -> None:
    shape = make_shape(name, ROWS)
    shape.lay_out(tmp_path / "public")
    (tmp_path / "scratch").mkdir()
    pipeline = Pipeline(tmp_path / "public", tmp_path / "scratch", name)
    competition = pipeline.competition
    assert competition.metric.name == shape.metric
    assert [target.name for target in competition.targets] == shape.targets
    assert competition.submission.layout == shape.layout
    assert competition.submission.rows == shape.rows
    assert sorted(competition.submission.answers) == sorted(shape.answers)
    assert shape.split in {None, competition.split.kind}

    sign = METRICS[shape.metric].sign
    verdict, submission = pipeline.judge(Strategy(title="", recipe="baseline"), SECONDS)
    assert submission_name(competition.files.sample).endswith(".csv")
    worst = grade(shape, submission)
    graded = {}
    for recipe in recipes(competition):
        verdict, submission = pipeline.judge(Strategy(title="", recipe=recipe, params=FAST.get(recipe, {})), SECONDS)
        assert verdict.score is not None, recipe
        assert list(submission.columns) == list(shape.sample.columns), recipe
        others = [column for column in shape.sample if column not in shape.answers]
        assert submission[others].equals(shape.sample[others].reset_index(drop=True)), recipe
        graded[recipe] = grade(shape, submission)
    if shape.has_signal:
        assert sign * max(sign * score for score in graded.values()) > sign * worst, graded


def recipes(competition: object) -> list[str]:
    wanted = ("lightgbm", "text", "linear")
    fitting = [name for name in wanted if RECIPES[name].fits(competition)]  # type: ignore[arg-type]
    return fitting[:2]
