"""The grade of a submission by scikit-learn alone: nothing of the verifier is in it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from sklearn import metrics

from tests.generated.shape import Shape

Grade = Callable[[pd.DataFrame, pd.DataFrame], float]


def grade(shape: Shape, submission: pd.DataFrame) -> float:
    """Of a submission in the sample's form and order."""
    return GRADES[shape.metric](shape.truth[shape.answers], submission[shape.answers])


def _one(function: Callable[..., float]) -> Grade:
    return lambda truth, answers: float(function(truth.iloc[:, 0], answers.iloc[:, 0]))


def _indicator(truth: pd.Series) -> np.ndarray:
    return (truth == sorted(truth.unique())[-1]).to_numpy(int)


def _log_loss(truth: pd.DataFrame, answers: pd.DataFrame) -> float:
    right = np.column_stack([1 - truth, truth]) if truth.shape[1] == 1 else truth.to_numpy()
    given = np.column_stack([1 - answers, answers]) if truth.shape[1] == 1 else answers.to_numpy()
    given = np.clip(given, 1e-15, None) / given.sum(axis=1, keepdims=True)
    return float(-(right * np.log(given)).sum(axis=1).mean())


def _map_at_k(truth: pd.DataFrame, answers: pd.DataFrame) -> float:
    total = 0.0
    for right, ranked in zip(truth.iloc[:, 0], answers.iloc[:, 0].str.split(), strict=True):
        total += 1 / (ranked.index(right) + 1) if right in ranked else 0
    return total / len(truth)


def _jaccard(truth: pd.DataFrame, answers: pd.DataFrame) -> float:
    scores = []
    for right, given in zip(truth.iloc[:, 0].astype(str), answers.iloc[:, 0].fillna("").astype(str), strict=True):
        one, other = set(right.lower().split()), set(given.lower().split())
        scores.append(len(one & other) / len(one | other) if one | other else 1.0)
    return float(np.mean(scores))


def _pearson(truth: pd.Series, answers: pd.Series) -> float:
    return float(np.corrcoef(truth, answers)[0, 1]) if answers.nunique() > 1 else 0.0


def _columns(function: Callable[..., float]) -> Grade:
    return lambda truth, answers: float(np.mean([function(truth[column], answers[column]) for column in truth]))


def _rmsle(truth: pd.Series, answers: pd.Series) -> float:
    return float(metrics.mean_squared_error(np.log1p(truth), np.log1p(answers)) ** 0.5)


GRADES: dict[str, Grade] = {
    "accuracy": _one(metrics.accuracy_score),
    "mcc": _one(metrics.matthews_corrcoef),
    "f1_macro": _one(lambda truth, answers: metrics.f1_score(truth, answers, average="macro")),
    "quadratic_kappa": _one(lambda truth, answers: metrics.cohen_kappa_score(truth, answers, weights="quadratic")),
    "auc": _one(lambda truth, answers: metrics.roc_auc_score(_indicator(truth), answers)),
    "mean_column_auc": _columns(metrics.roc_auc_score),
    "log_loss": _log_loss,
    "pearson": _one(_pearson),
    "rmse": _one(lambda truth, answers: metrics.mean_squared_error(truth, answers) ** 0.5),
    "rmsle": _one(_rmsle),
    "mean_column_rmsle": _columns(_rmsle),
    "mae": _one(metrics.mean_absolute_error),
    "map_at_k": _map_at_k,
    "jaccard": _jaccard,
}
