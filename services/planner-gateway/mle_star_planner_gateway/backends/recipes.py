"""Plans without a model: the catalogue's recipes in the order of their promise, then changes of the best."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice, zip_longest

from mle_star.tasks.competition import Competition, Layout
from mle_star.tasks.execution import Outcome
from mle_star.tasks.recipes import (
    PARAMS,
    RECIPES,
    TUNINGS,
    Recipe,
    identity,
    predicted_work,
    readable_columns,
    resolve,
)
from mle_star.tasks.strategy import PlanRequest, Strategy, Tried
from mle_star.tasks.task import TaskType

DEAR = 25e6  # predicted work from which a recipe is left for last
SMALL_ROWS = 3000
ORDER_METRICS = frozenset({"quadratic_kappa"})  # a miss by two classes costs more than one by one
TEXT_SHARE = 1 / 3  # of the columns, from which it is the texts that matter


def propose(request: PlanRequest) -> list[Strategy]:
    """Up to `count` strategies, none of which was tried; the same for the same request."""
    failed = {tried.strategy.recipe for tried in request.tried if tried.outcome != Outcome.OK}
    worked = {tried.strategy.recipe for tried in request.tried if tried.outcome == Outcome.OK}
    hopeless = failed - worked
    untried = [_plain(r) for r in ranked_recipes(request.competition) if r.name not in failed | worked]
    candidates = _interleave(_refinements(request), untried) if worked else untried
    seen = {identity(tried.strategy) for tried in request.tried}
    return list(islice(_new(candidates, seen, hopeless), request.count))


def ranked_recipes(competition: Competition) -> list[Recipe]:
    """The recipes that fit, the most promising first and the dear ones last, by cost. Without the baseline."""
    fitting = [RECIPES[name] for name in _order(competition) if RECIPES[name].fits(competition)]
    return sorted(fitting, key=lambda recipe: recipe.cost if predicted_work(recipe, competition) > DEAR else 0)


def _order(competition: Competition) -> list[str]:
    if competition.submission.layout is Layout.SPAN:
        return ["span"]
    columns = [column for column in competition.columns if column.distinct > 1]
    if readable_columns(competition) > TEXT_SHARE * len(columns):
        return ["text", "words", "mixed", "lightgbm", "text_table", "linear", "forest", "catboost"]
    others = ["mixed", "forest", "text_table", "text", "words"]
    if competition.task_type is TaskType.REGRESSION and competition.train_rows < SMALL_ROWS:
        return ["lasso", "lightgbm", "kernel", "catboost", "linear", *others]
    if competition.metric.name in ORDER_METRICS:
        return ["ordinal", "lightgbm", "linear", "catboost", "lasso", *others]
    return ["lightgbm", "catboost", "linear", "ordinal", "kernel", "lasso", *others]


def _plain(recipe: Recipe) -> Strategy:
    return Strategy(title=recipe.title, recipe=recipe.name, reason=recipe.purpose)


def _refinements(request: PlanRequest) -> Iterator[Strategy]:
    """Changes of what was tried, of the best first."""
    sign = request.competition.metric.sign
    scored = [tried for tried in request.tried if tried.outcome == Outcome.OK and tried.score is not None]
    for tried in sorted(scored, key=lambda one: -sign * (one.score or 0)):
        yield from _interleave(_swaps(tried), _tunings(tried))


def _swaps(tried: Tried) -> Iterator[Strategy]:
    """The next variants of each slot; parameters that the new model does not have are dropped."""
    strategy, recipe = tried.strategy, RECIPES[tried.strategy.recipe]
    now, _ = resolve(strategy)
    for slot, variants in recipe.swaps.items():
        for variant in [*variants, recipe.slots[slot]]:
            if variant != now[slot]:
                slots = {**strategy.slots, slot: variant}
                known = PARAMS[{**now, **slots}["fit_predict"]]
                params = {name: value for name, value in strategy.params.items() if name in known}
                title = f"{strategy.title.split(';')[0]}; {slot}: {variant}"
                reason = f"another {slot} in {tried.id}"
                yield Strategy(title=title, recipe=recipe.name, slots=slots, params=params, reason=reason)


def _tunings(tried: Tried) -> Iterator[Strategy]:
    """Other parameters of the same model."""
    strategy = tried.strategy
    slots, _ = resolve(strategy)
    for tuning in TUNINGS.get(slots["fit_predict"], []):
        said = ", ".join(f"{name} {value}" for name, value in tuning.items())
        yield strategy.model_copy(
            update={
                "title": f"{strategy.title.split(';')[0]}; {said}",
                "params": {**strategy.params, **tuning},
                "reason": f"other parameters in {tried.id}",
            }
        )


def _interleave(first: Iterable[Strategy], second: Iterable[Strategy]) -> Iterator[Strategy]:
    pairs = zip_longest(first, second)
    return (strategy for strategy in chain.from_iterable(pairs) if strategy is not None)


def _new(candidates: Iterable[Strategy], seen: set[str], hopeless: set[str]) -> Iterator[Strategy]:
    for strategy in candidates:
        if strategy.recipe not in hopeless and (made := identity(strategy)) not in seen:
            seen.add(made)
            yield strategy
