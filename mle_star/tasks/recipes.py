"""The index of the catalogue: what each recipe is for, what it is made of, and what may be changed in it.

The planner chooses from it, the executor renders from it; a test holds each name against the executor's files.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from mle_star.tasks.competition import ColumnKind, Competition, Layout
from mle_star.tasks.strategy import Strategy

Slots = dict[str, str]
SLOTS = ("prepare", "target", "encode", "fit_predict")
KERNEL_ROWS = 5000
READABLE = frozenset({ColumnKind.TEXT, ColumnKind.LIST})

LIGHTGBM: dict[str, Any] = {
    "rate": 0.03,
    "rounds": 200,
    "leaves": 12,
    "least_in_leaf": 20,
    "columns": 0.3,
    "rows": 0.8,
    "penalty": 2.0,
    "random_cuts": False,
}

PARAMS: dict[str, dict[str, Any]] = {
    "constant": {},
    "span": {"strength": 1e-6},
    "linear": {"strength": 1.0},
    "lasso": {"strength": 0.003},
    "kernel": {"width": 0.3, "strength": 0.1},
    "texts": {"strength": 0.3, "ratio_strength": 1.0, "ridge_strength": 3.0, "smoothing": 0.2},
    "lightgbm": LIGHTGBM,
    "ordinal": LIGHTGBM,
    "catboost": {"rate": 0.06, "rounds": 1000, "depth": 6, "penalty": 4.0, "randomness": 1.0},
    "forest": {"trees": 300, "rows_seen": 1_000_000, "least_in_leaf": 2, "features": 0.5},
}
"""The parameters of each variant of `fit_predict`; a strategy changes some of them."""

TUNINGS: dict[str, list[dict[str, Any]]] = {
    "span": [{"strength": 1e-5}, {"strength": 1e-7}],
    "lightgbm": [
        {"leaves": 31, "columns": 0.6},
        {"rate": 0.02, "rows": 0.6, "penalty": 10.0},
        {"random_cuts": True},
        {"leaves": 63, "least_in_leaf": 40, "columns": 0.5},
    ],
    "catboost": [{"depth": 4}, {"depth": 8, "penalty": 10.0}, {"rate": 0.03, "randomness": 3.0}],
    "forest": [{"least_in_leaf": 5, "features": 0.8}, {"least_in_leaf": 1, "features": 0.3}],
}
"""Changes of parameters that are worth a try, the likeliest first."""


class UnknownRecipeError(ValueError):
    """A strategy that names a recipe, slot, variant or parameter that the catalogue does not have."""


def _always(_: Competition) -> bool:
    return True


@dataclass(frozen=True)
class Recipe:
    """A solution of the catalogue: a variant for each slot; a `prepare` may be several, joined by `+`.

    `cost` is the time of its fits beside that of a LightGBM fit; `swaps` are other variants, the likeliest first.
    """

    name: str
    title: str
    purpose: str
    cost: float
    slots: Slots
    swaps: dict[str, list[str]] = field(default_factory=dict)
    fits: Callable[[Competition], bool] = _always


def is_scorable(competition: Competition) -> bool:
    """Whether there is something to learn, in a form that we know."""
    submission = competition.submission
    known = submission.layout not in {Layout.UNKNOWN, Layout.SPAN}
    return bool(competition.targets and competition.columns) and known


def readable_columns(competition: Competition) -> int:
    return sum(column.kind in READABLE for column in competition.columns)


def predicted_work(recipe: Recipe, competition: Competition) -> float:
    """How much its fits have to do, as rows times columns times trees' outputs times folds, weighed by its cost."""
    split = competition.split
    outputs = sum(
        len(target.classes) if target.classes and len(target.classes) > 2 else 1 for target in competition.targets
    )
    folds = split.folds * split.repeats
    return recipe.cost * competition.train_rows * len(competition.columns) * outputs * folds


def has_spans(competition: Competition) -> bool:
    return competition.submission.layout is Layout.SPAN


def has_text(competition: Competition) -> bool:
    return is_scorable(competition) and readable_columns(competition) > 0


def has_numbers_alone(competition: Competition) -> bool:
    return is_scorable(competition) and all(target.classes is None for target in competition.targets)


def has_few_numbers(competition: Competition) -> bool:
    return has_numbers_alone(competition) and competition.train_rows <= KERNEL_ROWS


def has_grades(competition: Competition) -> bool:
    """Whether each target has three classes or more, and all of them are numbers."""
    return is_scorable(competition) and all(
        len(target.classes or []) > 2 and not any(isinstance(label, bool | str) for label in target.classes or [])
        for target in competition.targets
    )


def _slots(prepare: str, target: str, encode: str, fit_predict: str) -> Slots:
    return dict(zip(SLOTS, (prepare, target, encode, fit_predict), strict=True))


TREE_TARGETS = {"target": ["skew"]}
TREE_CODES = {"encode": ["signed_totals", "ordinal", "native"]}

_ALL = (
    Recipe(
        name="baseline",
        title="The commonest answer",
        purpose="cannot fail: the share of each class, or the middle of a number",
        cost=0,
        slots=_slots("rows", "metric", "none", "constant"),
    ),
    Recipe(
        name="lightgbm",
        title="LightGBM on the table",
        purpose="tables of any size, missing values, many kinds of columns",
        cost=1,
        slots=_slots("table", "metric", "target_statistics", "lightgbm"),
        swaps={**TREE_CODES, **TREE_TARGETS},
        fits=is_scorable,
    ),
    Recipe(
        name="catboost",
        title="CatBoost on the table and its categories' target means",
        purpose="tables with many categories, small ones above all",
        cost=3,
        slots=_slots("table", "metric", "target_statistics", "catboost"),
        swaps={"encode": ["native", "signed_totals", "ordinal"], **TREE_TARGETS},
        fits=is_scorable,
    ),
    Recipe(
        name="linear",
        title="A linear model on one-hot columns",
        purpose="small tables, and effects that add up",
        cost=0.5,
        slots=_slots("table", "skew", "onehot", "linear"),
        swaps={"target": ["plain", "log"]},
        fits=is_scorable,
    ),
    Recipe(
        name="lasso",
        title="A lasso on one-hot columns",
        purpose="numbers that a few of many columns make up, small tables above all",
        cost=0.7,
        slots=_slots("table", "skew", "onehot", "lasso"),
        swaps={"target": ["plain", "log"]},
        fits=has_numbers_alone,
    ),
    Recipe(
        name="kernel",
        title="Kernel ridge regression on one-hot columns",
        purpose="numbers that change smoothly, small tables alone: its time grows with the cube of the rows",
        cost=3,
        slots=_slots("table", "skew", "onehot", "kernel"),
        swaps={"target": ["plain", "log"]},
        fits=has_few_numbers,
    ),
    Recipe(
        name="ordinal",
        title="LightGBM on classes in their order",
        purpose="grades, stars and other classes that are numbers",
        cost=1.5,
        slots=_slots("table", "metric", "ordinal", "ordinal"),
        swaps={"encode": ["signed_totals", "target_statistics"]},
        fits=has_grades,
    ),
    Recipe(
        name="forest",
        title="Extremely randomized trees",
        purpose="another kind of tree, for noisy tables and for blends",
        cost=1.5,
        slots=_slots("table", "metric", "ordinal", "forest"),
        swaps={"encode": ["target_statistics"], **TREE_TARGETS},
        fits=is_scorable,
    ),
    Recipe(
        name="text",
        title="Linear models and naive Bayes on words and characters",
        purpose="texts and lists that say nearly all",
        cost=2,
        slots=_slots("table+text", "skew", "texts", "texts"),
        swaps={"fit_predict": ["linear"]},
        fits=has_text,
    ),
    Recipe(
        name="words",
        title="A linear model on single words",
        purpose="a first answer to texts of any size, where there is little time",
        cost=0.5,
        slots=_slots("table+words", "skew", "texts", "linear"),
        fits=has_text,
    ),
    Recipe(
        name="text_table",
        title="A linear model on words, characters and the table",
        purpose="texts and lists, with the table's columns beside them",
        cost=2,
        slots=_slots("table+text", "skew", "onehot", "linear"),
        fits=has_text,
    ),
    Recipe(
        name="mixed",
        title="LightGBM on the table and the texts' scores",
        purpose="texts and lists beside a table that says something too",
        cost=2.5,
        slots=_slots("table+text", "metric", "text_scores", "lightgbm"),
        swaps={"fit_predict": ["forest"], "encode": ["text_parts"]},
        fits=has_text,
    ),
    Recipe(
        name="span",
        title="A linear model on each word",
        purpose="answers that are parts of a text",
        cost=1,
        slots=_slots("span", "plain", "span", "span"),
        fits=has_spans,
    ),
)

RECIPES: dict[str, Recipe] = {recipe.name: recipe for recipe in _ALL}


def resolve(strategy: Strategy) -> tuple[Slots, dict[str, Any]]:
    """The variant of every slot and the value of every parameter. Raises UnknownRecipeError."""
    if (recipe := RECIPES.get(strategy.recipe)) is None:
        raise UnknownRecipeError(f"no recipe is called {strategy.recipe!r}; there are {', '.join(RECIPES)}")
    for slot, variant in strategy.slots.items():
        allowed = [recipe.slots.get(slot), *recipe.swaps.get(slot, [])]
        if slot not in SLOTS or variant not in allowed:
            choices = ", ".join(str(one) for one in allowed) if slot in SLOTS else "none: no such slot"
            raise UnknownRecipeError(f"{recipe.name} takes no {variant!r} as its {slot}; choices are {choices}")
    slots = {**recipe.slots, **strategy.slots}
    known = PARAMS[slots["fit_predict"]]
    if unknown := sorted(strategy.params.keys() - known.keys()):
        raise UnknownRecipeError(f"{slots['fit_predict']} has no {', '.join(unknown)}; it has {', '.join(known)}")
    return slots, {**known, **strategy.params}


def identity(strategy: Strategy) -> str:
    """Equal for strategies that make the same solution."""
    return json.dumps(resolve(strategy), sort_keys=True)
