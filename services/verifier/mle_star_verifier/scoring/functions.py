"""Every metric of the registry, for one target.

A function takes the truth, what the metric is computed on, and the classes:

- labels: codes (n,) and codes (n,); a code is a position in `classes`
- probabilities: codes (n,) and probabilities (n, classes)
- ranks: codes (n,) and the likeliest codes (n, k), best first
- values: floats (n,) and floats (n,); `classes` is empty

It gives NaN where the metric has no value: no positive row for AUC, a constant truth for R².
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats
from sklearn import metrics as sklearn_metrics

Classes = list[Any]
EPSILON = float(np.finfo(float).eps)
SMALLEST_POSITIVE = 1e-9


@dataclass(frozen=True)
class Function:
    """`per_row` where the score is the mean (or, with `root`, the root of the mean) of a number for each row."""

    score: Callable[[np.ndarray, np.ndarray, Classes], float]
    per_row: Callable[[np.ndarray, np.ndarray, Classes], np.ndarray] | None = None
    root: bool = False


def _mean(per_row: Callable[[np.ndarray, np.ndarray, Classes], np.ndarray], *, root: bool = False) -> Function:
    def score(truth: np.ndarray, predicted: np.ndarray, classes: Classes) -> float:
        mean = float(np.mean(per_row(truth, predicted, classes)))
        return mean**0.5 if root else mean

    return Function(score, per_row, root)


def _of_counts(of_counts: Callable[[np.ndarray, Classes], float]) -> Function:
    """A metric of the confusion matrix: rows are the truth, columns what was predicted."""

    def score(truth: np.ndarray, predicted: np.ndarray, classes: Classes) -> float:
        width = len(classes)
        counts = np.bincount(truth * width + predicted, minlength=width * width)
        return float(of_counts(counts.reshape(width, width).astype(float), classes))

    return Function(score)


def _of_values(of_values: Callable[[np.ndarray, np.ndarray], float]) -> Function:
    return Function(lambda truth, predicted, _: float(of_values(truth, predicted)))


def _of_each_class(of_class: Callable[[np.ndarray, np.ndarray], float]) -> Function:
    """Of the last class where there are two; else the mean over the classes that some rows have and others not."""

    def score(truth: np.ndarray, predicted: np.ndarray, classes: Classes) -> float:
        codes = [1] if len(classes) == 2 else range(len(classes))
        each = [of_class(truth == code, predicted[:, code]) for code in codes if 0 < np.sum(truth == code) < len(truth)]
        return float(np.mean(each)) if each else np.nan

    return Function(score)


# labels


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """0 where there is nothing to divide by."""
    return np.asarray(np.divide(part, whole, out=np.zeros_like(part), where=whole > 0))


def _f1_of_each(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The F1 of each class, and whether any row is or is called it."""
    touched = counts.sum(axis=0) + counts.sum(axis=1)
    return _ratio(2 * np.diag(counts), touched), touched > 0


def _f1_macro(counts: np.ndarray, _: Classes) -> float:
    f1, present = _f1_of_each(counts)
    return float(f1[present].mean())


def _f1(counts: np.ndarray, classes: Classes) -> float:
    """Of the last of two classes; the macro F1 where there are more."""
    return float(_f1_of_each(counts)[0][-1]) if len(classes) == 2 else _f1_macro(counts, classes)


def _f1_weighted(counts: np.ndarray, _: Classes) -> float:
    return float(np.average(_f1_of_each(counts)[0], weights=counts.sum(axis=1)))


def _share_right(counts: np.ndarray, _: Classes) -> float:
    return float(np.trace(counts) / counts.sum())


def _balanced_accuracy(counts: np.ndarray, _: Classes) -> float:
    rows = counts.sum(axis=1)
    return float(_ratio(np.diag(counts), rows)[rows > 0].mean())


def _mcc(counts: np.ndarray, _: Classes) -> float:
    rows, columns, total = counts.sum(axis=1), counts.sum(axis=0), counts.sum()
    spread = (total**2 - rows @ rows) * (total**2 - columns @ columns)
    return float((np.trace(counts) * total - rows @ columns) / spread**0.5) if spread > 0 else 0.0


def _quadratic_kappa(counts: np.ndarray, classes: Classes) -> float:
    """Distances between classes are those of their numbers, or of their places if they are none."""
    numbers = all(isinstance(label, int | float) for label in classes)
    places = np.asarray(classes if numbers else range(len(classes)), dtype=float)
    distances = (places[:, None] - places[None, :]) ** 2
    by_chance = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / counts.sum()
    expected = float((distances * by_chance).sum())
    return 1 - float((distances * counts).sum()) / expected if expected > 0 else np.nan


def _jaccard(truth: np.ndarray, predicted: np.ndarray, classes: Classes) -> np.ndarray:
    words = [frozenset(str(label).lower().split()) for label in classes]
    pairs, where = np.unique(np.stack([truth, predicted], axis=1), axis=0, return_inverse=True)
    each = [len(words[a] & words[b]) / max(1, len(words[a] | words[b])) if a != b else 1.0 for a, b in pairs]
    return np.asarray(each)[where.reshape(-1)]


# probabilities


def _auc(positive: np.ndarray, scores: np.ndarray) -> float:
    count = int(positive.sum())
    ranks = stats.rankdata(scores)
    return float((ranks[positive].sum() - count * (count + 1) / 2) / (count * (len(scores) - count)))


def _log_loss(truth: np.ndarray, predicted: np.ndarray, _: Classes) -> np.ndarray:
    scaled = predicted / np.maximum(predicted.sum(axis=1, keepdims=True), EPSILON)
    return np.asarray(-np.log(np.clip(scaled[np.arange(len(truth)), truth], EPSILON, 1)))


def brier(truth: np.ndarray, predicted: np.ndarray, _: Classes) -> np.ndarray:
    """Of each row, 0 to 1: half the squared distance to the truth, which for two classes is the usual one."""
    off = predicted.copy()
    off[np.arange(len(truth)), truth] -= 1
    return np.asarray((off**2).sum(axis=1) / 2)


# ranks


def _average_precision_at_k(truth: np.ndarray, predicted: np.ndarray, _: Classes) -> np.ndarray:
    hits = predicted == truth[:, None]
    return np.asarray(np.where(hits.any(axis=1), 1 / (hits.argmax(axis=1) + 1), 0))


# values


def _squared(truth: np.ndarray, predicted: np.ndarray, _: Classes) -> np.ndarray:
    return np.asarray((predicted - truth) ** 2)


def _squared_log1p(truth: np.ndarray, predicted: np.ndarray, _: Classes) -> np.ndarray:
    return np.asarray((np.log1p(np.maximum(predicted, 0)) - np.log1p(np.maximum(truth, 0))) ** 2)


def _squared_log(truth: np.ndarray, predicted: np.ndarray, _: Classes) -> np.ndarray:
    least = SMALLEST_POSITIVE
    return np.asarray((np.log(np.maximum(predicted, least)) - np.log(np.maximum(truth, least))) ** 2)


def _absolute(truth: np.ndarray, predicted: np.ndarray, _: Classes) -> np.ndarray:
    return np.asarray(np.abs(predicted - truth))


def _absolute_share(truth: np.ndarray, predicted: np.ndarray, _: Classes) -> np.ndarray:
    return np.asarray(np.abs(predicted - truth) / np.maximum(np.abs(truth), EPSILON))


def _symmetric_percent(truth: np.ndarray, predicted: np.ndarray, _: Classes) -> np.ndarray:
    return 200 * _ratio(np.abs(predicted - truth), np.abs(predicted) + np.abs(truth))


def _r2(truth: np.ndarray, predicted: np.ndarray) -> float:
    return float(sklearn_metrics.r2_score(truth, predicted)) if np.ptp(truth) > 0 else np.nan


def _pearson(truth: np.ndarray, predicted: np.ndarray) -> float:
    """0 for a constant prediction, which tells nothing."""
    if np.ptp(truth) == 0:
        return np.nan
    return float(np.corrcoef(truth, predicted)[0, 1]) if np.ptp(predicted) > 0 else 0.0


def _spearman(truth: np.ndarray, predicted: np.ndarray) -> float:
    return _pearson(stats.rankdata(truth), stats.rankdata(predicted))


FUNCTIONS: dict[str, Function] = {
    "accuracy": _mean(lambda truth, predicted, _: (truth == predicted).astype(float)),
    "balanced_accuracy": _of_counts(_balanced_accuracy),
    "f1": _of_counts(_f1),
    "f1_macro": _of_counts(_f1_macro),
    "f1_micro": _of_counts(_share_right),
    "f1_weighted": _of_counts(_f1_weighted),
    "mcc": _of_counts(_mcc),
    "quadratic_kappa": _of_counts(_quadratic_kappa),
    "jaccard": _mean(_jaccard),
    "auc": _of_each_class(_auc),
    "average_precision": _of_each_class(sklearn_metrics.average_precision_score),
    "log_loss": _mean(_log_loss),
    "brier": _mean(brier),
    "mean_column_auc": _of_each_class(_auc),
    "rmse": _mean(_squared, root=True),
    "mse": _mean(_squared),
    "rmsle": _mean(_squared_log1p, root=True),
    "rmse_log": _mean(_squared_log, root=True),
    "mae": _mean(_absolute),
    "median_ae": _of_values(sklearn_metrics.median_absolute_error),
    "mape": _mean(_absolute_share),
    "smape": _mean(_symmetric_percent),
    "r2": _of_values(_r2),
    "pearson": _of_values(_pearson),
    "spearman": _of_values(_spearman),
    "mean_column_rmse": _mean(_squared, root=True),
    "mean_column_rmsle": _mean(_squared_log1p, root=True),
    "map_at_k": _mean(_average_precision_at_k),
}


def multilabel_f1(truths: list[np.ndarray], predictions: list[np.ndarray], average: str) -> float:
    """F1 over several targets of two classes: each target is a label that a row has or has not."""
    truth, predicted = np.stack(truths, axis=1), np.stack(predictions, axis=1)
    return float(sklearn_metrics.f1_score(truth, predicted, average=average, zero_division=0))
