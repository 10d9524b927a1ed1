"""A CatBoost model, by what it is fitted to."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from catboost import CatBoostClassifier, CatBoostRegressor, Pool

from mle_star_executor.recipes.parts.absolute_metrics import ABSOLUTE_METRICS
from mle_star_executor.recipes.parts.kind_of_target import is_classes
from mle_star_executor.recipes.parts.threads import N_THREADS


def catboost_model(z: np.ndarray, params: dict[str, Any], context: dict[str, Any], **more: Any) -> Any:
    """Not fitted yet; its loss suits the metric."""
    common = {
        "learning_rate": params["rate"],
        "iterations": params["rounds"],
        "depth": params["depth"],
        "l2_leaf_reg": params["penalty"],
        "random_strength": params["randomness"],
        "boosting_type": "Plain",
        "max_ctr_complexity": 2,
        "thread_count": N_THREADS,
        "random_seed": context["seed"],
        "allow_writing_files": False,
        "verbose": False,
        **more,
    }
    if is_classes(z):
        return CatBoostClassifier(**common, loss_function="Logloss" if z.max() == 1 else "MultiClass")
    return CatBoostRegressor(**common, loss_function="MAE" if context["metric"]["name"] in ABSOLUTE_METRICS else "RMSE")


def catboost_pool(F: Any, z: np.ndarray | None = None) -> Any:
    """Rows as CatBoost wants them: categories as integers, named."""
    if not isinstance(F, pd.DataFrame):
        return Pool(F, z)
    categories = [name for name in F.columns if F[name].dtype == "category"]
    return Pool(F.astype(dict.fromkeys(categories, "int64")), z, cat_features=categories)
