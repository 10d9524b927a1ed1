"""fit_predict: the mean of four models of words: logistic and ridge regression, naive Bayes, NB-SVM."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.naive_bayes import MultinomialNB

from mle_star_executor.recipes.parts.kind_of_target import indicators, is_classes
from mle_star_executor.recipes.parts.linear_model import linear_model

MOST_CLASSES = 20  # beyond, a model on each class's ratios is too dear


def fit_predict_texts(
    F_fit: Any, z_fit: np.ndarray, F_apply: Any, params: dict[str, Any], context: dict[str, Any]
) -> np.ndarray:
    """Takes sparse matrices without negative values. A number is fitted by ridge regression alone."""
    model = linear_model(z_fit, params["strength"]).fit(F_fit, z_fit)
    if not is_classes(z_fit):
        return np.asarray(model.predict(F_apply)).reshape(-1, 1)
    bayes = MultinomialNB(alpha=params["smoothing"]).fit(F_fit, z_fit)
    ridge = Ridge(alpha=params["ridge_strength"], solver="sparse_cg", tol=1e-3).fit(F_fit, indicators(z_fit))
    members = [model.predict_proba(F_apply), bayes.predict_proba(F_apply), np.clip(ridge.predict(F_apply), 0, 1)]
    if len(model.classes_) <= MOST_CLASSES:
        members.append(_by_ratios(F_fit, z_fit, F_apply, params["ratio_strength"]))
    raw = np.mean(members, axis=0)
    return np.asarray(raw / raw.sum(axis=1, keepdims=True))


def _by_ratios(F_fit: Any, z_fit: np.ndarray, F_apply: Any, strength: float) -> np.ndarray:
    """NB-SVM (Wang and Manning, 2012): each column weighed by its naive Bayes log-ratio, one class against the rest."""
    classes = int(z_fit.max()) + 1
    likely = np.empty((F_apply.shape[0], classes))
    for place in range(1 if classes == 2 else 0, classes):
        mine = z_fit == place
        shares = [1 + np.asarray(F_fit[rows].sum(axis=0)).ravel() for rows in (mine, ~mine)]
        ratios = sparse.diags(np.log(shares[0] / shares[0].sum()) - np.log(shares[1] / shares[1].sum()))
        model = LogisticRegression(C=1 / strength, max_iter=300, tol=1e-3).fit(F_fit @ ratios, mine)
        likely[:, place] = model.predict_proba(F_apply @ ratios)[:, 1]
    if classes == 2:
        likely[:, 0] = 1 - likely[:, 1]
    return np.asarray(likely / likely.sum(axis=1, keepdims=True))
