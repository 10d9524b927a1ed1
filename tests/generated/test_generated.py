"""Every kind of competition: taken in as it should be, valid submissions, and grades better than a constant's.

`make test` runs a varied part of them, `make test-long` all.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from mle_star.tasks.competition import Competition, Layout, RowMap
from mle_star.tasks.metric import METRICS
from mle_star.tasks.recipes import RECIPES
from mle_star.tasks.strategy import Strategy
from tests.generated.competitions import SHAPES, make_shape
from tests.generated.grades import grade
from tests.generated.pipeline import Pipeline
from tests.generated.shape import Shape

ROWS = 300
SECONDS = 0.5
VARIED = (
    "pizza_requests", "tweet_spans", "recipe_tags", "crime", "bike_sharing", "store_sales", "fertilizer",
    "another_case", "leaf_species", "useless_columns",
)  # fmt: skip
FAST = {"lightgbm": {"rate": 0.3}}

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::RuntimeWarning")


@pytest.mark.parametrize("name", [pytest.param(n, marks=() if n in VARIED else pytest.mark.long) for n in SHAPES])
def test_a_competition_of_this_kind_is_understood_and_answered(name: str, tmp_path: Path) -> None:
    shape = make_shape(name, ROWS)
    shape.lay_out(tmp_path / "public")
    (tmp_path / "scratch").mkdir()
    pipeline = Pipeline(tmp_path / "public", tmp_path / "scratch", name)
    check_what_was_understood(pipeline.competition, shape)

    sign = METRICS[shape.metric].sign
    _, constant = pipeline.judge(Strategy(title="", recipe="baseline"), SECONDS)
    check_form(constant, shape)
    worst = sign * grade(shape, constant)
    gains = {}
    for recipe in recipes_for(pipeline.competition):
        verdict, submission = pipeline.judge(Strategy(title="", recipe=recipe, params=FAST.get(recipe, {})), SECONDS)
        check_form(submission, shape)
        assert verdict.score is not None, recipe
        gains[recipe] = sign * grade(shape, submission) - worst
    if shape.has_signal:
        assert max(gains.values(), default=0) > 0, gains
    assert gains or pipeline.competition.submission.layout is Layout.UNKNOWN


def check_what_was_understood(competition: Competition, shape: Shape) -> None:
    assert competition.metric.name == shape.metric
    assert [target.name for target in competition.targets] == shape.targets
    assert competition.submission.layout == shape.layout
    assert competition.submission.rows == (RowMap.UNVERIFIED if shape.layout == "unknown" else shape.rows)
    assert sorted(competition.submission.answers) == sorted(shape.answers)
    assert shape.split in {None, competition.split.kind}


def check_form(submission: pd.DataFrame, shape: Shape) -> None:
    """The sample's columns, order and rows."""
    assert list(submission.columns) == list(shape.sample.columns)
    others = [column for column in shape.sample if column not in shape.answers]
    pd.testing.assert_frame_equal(submission[others], shape.sample[others].reset_index(drop=True), check_dtype=False)
    assert len(submission) == len(shape.sample)


def recipes_for(competition: Competition) -> list[str]:
    """One that reads what there is, and the table's."""
    fitting = [name for name in ("span", "text", "linear", "lightgbm") if RECIPES[name].fits(competition)]
    return [*fitting[:1], *fitting[-1:]] if len(fitting) > 1 else fitting
