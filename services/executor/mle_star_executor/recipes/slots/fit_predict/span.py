"""fit_predict: how likely each word of a text is in the answer, by logistic regression."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.linear_model import SGDClassifier


def fit_predict_span(
    F_fit: Any, z_fit: np.ndarray, F_apply: Any, params: dict[str, Any], context: dict[str, Any]
) -> np.ndarray:
    """Takes what `encode_span` gives, and marks (n, words); gives marks between 0 and 1, 0 beyond the text."""
    (words, where, _), (words_apply, where_apply, rows) = F_fit, F_apply
    marks = np.zeros((rows, z_fit.shape[1]))
    found = (z_fit.max(axis=1) > 0)[where[:, 0]]  # an answer that is not in its text teaches nothing
    y = z_fit[where[:, 0], where[:, 1]][found]
    if len(np.unique(y)) < 2 or not len(where_apply):
        marks[where_apply[:, 0], where_apply[:, 1]] = y.mean() if len(y) else 1.0
        return marks
    model = SGDClassifier(
        loss="log_loss", alpha=params["strength"], max_iter=12, tol=None, average=True, random_state=context["seed"]
    )
    model.fit(words[found], y)
    marks[where_apply[:, 0], where_apply[:, 1]] = model.predict_proba(words_apply)[:, 1]
    return marks
