"""fit_predict: how likely each word of a text is in the answer, by logistic regression."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.linear_model import SGDClassifier

EPOCHS = 5


def fit_predict_span(
    F_fit: Any, z_fit: np.ndarray, F_apply: Any, params: dict[str, Any], context: dict[str, Any]
) -> np.ndarray:
    """Takes words of texts and marks (n, words); gives marks between 0 and 1, 0 beyond the text."""
    marks = np.zeros((len(F_apply.counts), z_fit.shape[1]))
    texts, _ = F_fit.where
    found = (z_fit.max(axis=1) > 0)[texts]  # an answer that is not in its text teaches nothing
    y = z_fit[F_fit.where][found]
    if len(np.unique(y)) < 2 or not F_apply.counts.sum():
        marks[F_apply.where] = y.mean() if len(y) else 1.0
        return marks
    model = SGDClassifier(
        loss="log_loss", alpha=params["strength"], max_iter=EPOCHS, tol=None, average=True, random_state=context["seed"]
    )
    model.fit(F_fit.features[np.flatnonzero(found)], y)
    marks[F_apply.where] = model.predict_proba(F_apply.features)[:, 1]
    return marks
