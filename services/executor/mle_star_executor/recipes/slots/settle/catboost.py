"""settle: CatBoost's rate and rounds."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from mle_star_executor.recipes.parts.boosting_rate import boosting_rate
from mle_star_executor.recipes.parts.catboost_model import catboost_model, catboost_pool
from mle_star_executor.recipes.parts.inner_folds import settling_folds

PROBES = (5, 25)  # rounds that are timed: the difference leaves out what a fit costs before its first round
GROWTH = 1.1  # a fold has a fourth more rows than what it is settled on
HOLDOUTS = 2  # of those that there are: CatBoost is dear


def settle_catboost(
    F_fit: Any, z_fit: np.ndarray, params: dict[str, Any], context: dict[str, Any], seconds: float
) -> dict[str, Any]:
    """A `rate` that is done in time, and the `rounds` after which inner holdouts get no better."""
    folds = settling_folds(z_fit, context["seed"])[:HOLDOUTS]
    spent = []
    for rounds in PROBES:
        started = time.monotonic()
        catboost_model(z_fit, {**params, "rounds": rounds}, context).fit(catboost_pool(F_fit, z_fit))
        spent.append(time.monotonic() - started)
    seconds_a_round = (spent[1] - spent[0]) / (PROBES[1] - PROBES[0])
    rate, most = boosting_rate(params["rate"], seconds_a_round, seconds - spent[0])
    most = min(most, params["rounds"])
    found = []
    for fit, held in folds:
        patience = max(20, int(2.5 / rate))
        model = catboost_model(z_fit, {**params, "rate": rate, "rounds": most}, context, od_wait=patience)
        model.fit(catboost_pool(_rows(F_fit, fit), z_fit[fit]), eval_set=catboost_pool(_rows(F_fit, held), z_fit[held]))
        found.append(model.get_best_iteration() + 1)
    return {"rate": round(rate, 4), "rounds": max(1, int(np.ceil(GROWTH * np.mean(found))))}


def _rows(F: Any, rows: np.ndarray) -> Any:
    return F.iloc[rows] if hasattr(F, "iloc") else F[rows]
