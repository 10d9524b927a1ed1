"""settle: LightGBM's rate and rounds."""

from __future__ import annotations

import time
from typing import Any

import lightgbm
import numpy as np

from mle_star_executor.recipes.parts.boosting_rate import boosting_rate
from mle_star_executor.recipes.parts.inner_folds import settling_folds
from mle_star_executor.recipes.parts.lightgbm_params import lightgbm_params

PROBE = 10  # rounds that are timed
GROWTH = 1.1  # a fold has a fourth more rows than what it is settled on


def settle_lightgbm(
    F_fit: Any, z_fit: np.ndarray, params: dict[str, Any], context: dict[str, Any], seconds: float
) -> dict[str, Any]:
    """A `rate` that is done in time, and the `rounds` after which inner holdouts get no better."""
    own = lightgbm_params(z_fit, params, context)
    folds = settling_folds(z_fit, context["seed"])
    data = lightgbm.Dataset(F_fit, z_fit, params=own, free_raw_data=False).construct()
    started = time.monotonic()
    lightgbm.train(own, data, num_boost_round=PROBE)
    spent = time.monotonic() - started
    rate, most = boosting_rate(params["rate"], spent / PROBE, seconds)
    patience = max(20, int(2.5 / rate))
    result = lightgbm.cv(
        {**own, "learning_rate": rate},
        data,
        num_boost_round=most,
        folds=folds,
        callbacks=[lightgbm.early_stopping(patience, verbose=False)],
    )
    losses = next(values for name, values in result.items() if name.endswith("-mean"))
    return {"rate": round(rate, 4), "rounds": max(1, int(np.ceil(GROWTH * len(losses))))}
