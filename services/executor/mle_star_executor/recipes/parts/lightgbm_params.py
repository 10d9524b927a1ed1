"""Parameters in LightGBM's own names."""

from __future__ import annotations

from typing import Any

import numpy as np

from mle_star_executor.recipes.parts.absolute_metrics import ABSOLUTE_METRICS
from mle_star_executor.recipes.parts.kind_of_target import is_classes
from mle_star_executor.recipes.parts.threads import N_THREADS


def lightgbm_params(z: np.ndarray, params: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
    """The objective that suits the metric, and runs that repeat whatever the number of threads."""
    if is_classes(z):
        classes = int(z.max()) + 1
        objective = {"objective": "binary"} if classes == 2 else {"objective": "multiclass", "num_class": classes}
    else:
        absolute = context["metric"]["name"] in ABSOLUTE_METRICS
        objective = {"objective": "regression_l1" if absolute else "regression"}
    return {
        **objective,
        "learning_rate": params["rate"],
        "num_leaves": params["leaves"],
        "min_child_samples": min(params["least_in_leaf"], max(1, len(z) // 20)),
        "feature_fraction": params["columns"],
        "bagging_fraction": params["rows"],
        "bagging_freq": 1,
        "lambda_l2": params["penalty"],
        "extra_trees": params["random_cuts"],
        "num_threads": N_THREADS,
        "deterministic": True,
        "force_col_wise": True,
        "seed": context["seed"],
        "verbosity": -1,
    }
