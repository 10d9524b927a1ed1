"""fit_predict: classes in their order, by LightGBM on their places and the chance to be above each cut."""

from __future__ import annotations

from typing import Any

import lightgbm
import numpy as np
from sklearn.linear_model import LogisticRegression

from mle_star_executor.recipes.parts.inner_folds import inner_folds
from mle_star_executor.recipes.parts.lightgbm_params import lightgbm_params

INNER = 3  # fits that tell what a place out of fold is worth
LEAST = 1e-6  # probability of any class


def fit_predict_ordinal(
    F_fit: Any, z_fit: np.ndarray, F_apply: Any, params: dict[str, Any], context: dict[str, Any]
) -> np.ndarray:
    """Takes dense arrays; z holds the codes of classes that have an order."""
    places = z_fit.astype(float)
    out_of_fold = np.empty(len(places))
    for others, held in inner_folds(z_fit, INNER, context["seed"]):
        out_of_fold[held] = _place(F_fit[others], places[others], F_fit[held], params, context)
    found = _place(F_fit, places, F_apply, params, context)
    above = [np.ones(len(found))]
    for cut in range(1, int(z_fit.max()) + 1):
        chance = LogisticRegression(C=10).fit(out_of_fold[:, None], z_fit >= cut)
        above.append(np.minimum(above[-1], chance.predict_proba(found[:, None])[:, 1]))
    raw = np.clip(-np.diff(np.stack([*above, np.zeros(len(found))], axis=1), axis=1), LEAST, None)
    return np.asarray(raw / raw.sum(axis=1, keepdims=True))


def _place(fit: Any, places: np.ndarray, apply: Any, params: dict[str, Any], context: dict[str, Any]) -> np.ndarray:
    own = lightgbm_params(places, params, context)
    booster = lightgbm.train(own, lightgbm.Dataset(fit, places), num_boost_round=params["rounds"])
    return np.asarray(booster.predict(apply))
