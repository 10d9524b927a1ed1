"""The metrics by name: their directions and what they are computed on. The verifier computes them."""

from __future__ import annotations

import re
from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class Direction(StrEnum):
    HIGHER = "higher"
    LOWER = "lower"


class Predicts(StrEnum):
    """What a metric is computed on."""

    LABELS = "labels"
    PROBABILITIES = "probabilities"
    RANKS = "ranks"
    VALUES = "values"


class Metric(BaseModel):
    """A metric: `low` and `high` bound its valid range (None: unbounded); `k` is the length of a ranked answer."""

    model_config = ConfigDict(frozen=True)

    name: str
    title: str
    direction: Direction
    predicts: Predicts
    low: float | None = None
    high: float | None = None
    k: int | None = None
    aliases: tuple[str, ...] = ()

    @property
    def sign(self) -> int:
        """+1 where higher is better, else -1: `sign * score` is always better when larger."""
        return 1 if self.direction is Direction.HIGHER else -1


class UnknownMetricError(ValueError):
    """Nobody knows a metric of this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"no metric is called {name!r}; known are: {', '.join(sorted(METRICS))}")


def _higher(name: str, title: str, predicts: Predicts, low: float, *aliases: str, k: int | None = None) -> Metric:
    return Metric(
        name=name,
        title=title,
        direction=Direction.HIGHER,
        predicts=predicts,
        low=low,
        high=1,
        k=k,
        aliases=aliases,
    )


def _lower(name: str, title: str, predicts: Predicts, high: float | None, *aliases: str) -> Metric:
    return Metric(
        name=name,
        title=title,
        direction=Direction.LOWER,
        predicts=predicts,
        low=0,
        high=high,
        aliases=aliases,
    )


_L, _P, _R, _V = Predicts.LABELS, Predicts.PROBABILITIES, Predicts.RANKS, Predicts.VALUES
_INF = None

_ALL = (
    _higher("accuracy", "Accuracy", _L, 0, "categorization accuracy", "classification accuracy",
            "categorizationaccuracy", "accuracy score", "percentage of correct predictions"),
    _higher("balanced_accuracy", "Balanced accuracy", _L, 0, "balanced accuracy score"),
    _higher("f1", "F1 score", _L, 0, "f1 score", "f score", "f1 binary", "f measure", "mean f1 score"),
    _higher("f1_macro", "Macro F1", _L, 0, "macro f1", "macro f1 score", "f1 score macro", "macro averaged f1",
            "macro averaged f1 score"),
    _higher("f1_micro", "Micro F1", _L, 0, "micro f1", "micro f1 score", "micro averaged f1", "f1 score micro"),
    _higher("f1_weighted", "Weighted F1", _L, 0, "weighted f1", "weighted f1 score", "f1 score weighted"),
    _higher("mcc", "Matthews correlation coefficient", _L, -1, "matthews correlation coefficient",
            "matthews correlation", "matthews_corrcoef"),
    _higher("quadratic_kappa", "Quadratic weighted kappa", _L, -1, "quadratic weighted kappa", "qwk",
            "quadraticweightedkappa", "cohen kappa", "quadratic kappa"),
    _higher("jaccard", "Mean Jaccard of words", _L, 0, "jaccard score", "word level jaccard", "jaccard index",
            "word level jaccard score"),
    _higher("auc", "Area under the ROC curve", _P, 0, "roc auc", "area under the roc curve", "auc roc", "roc_auc",
            "area under the receiver operating characteristic curve", "areaundercurve", "roc auc score", "auroc",
            "area under curve", "area under roc"),
    _higher("average_precision", "Average precision", _P, 0, "average precision score", "pr auc",
            "area under the precision recall curve"),
    _lower("log_loss", "Logarithmic loss", _P, _INF, "logloss", "logarithmic loss", "multi class logarithmic loss",
           "multiclass log loss", "cross entropy", "multi class log loss", "multiclassloss", "binary cross entropy",
           "multiclass logarithmic loss", "binary log loss", "mean column wise log loss"),
    _lower("brier", "Brier score", _P, 1, "brier score"),
    _higher("mean_column_auc", "Mean column-wise AUC", _P, 0, "mean column wise roc auc", "mean column wise auc",
            "column wise auc", "mean columnwise area under the roc curve", "mean columnwise roc auc"),
    _lower("rmse", "Root mean squared error", _V, _INF, "root mean squared error", "root mean square error",
           "rootmeansquarederror"),
    _lower("mse", "Mean squared error", _V, _INF, "mean squared error", "meansquarederror", "mean square error"),
    _lower("rmsle", "Root mean squared logarithmic error", _V, _INF, "root mean squared logarithmic error",
           "root mean squared log error", "root mean square logarithmic error", "rootmeansquaredlogerror"),
    _lower("rmse_log", "RMSE of the logarithms", _V, _INF, "rmse of log", "rmse of the log",
           "root mean squared error between the logarithm of the predicted",
           "rmse between the logarithm of the predicted"),
    _lower("mae", "Mean absolute error", _V, _INF, "mean absolute error", "meanabsoluteerror"),
    _lower("median_ae", "Median absolute error", _V, _INF, "median absolute error"),
    _lower("mape", "Mean absolute percentage error", _V, _INF, "mean absolute percentage error"),
    _lower("smape", "Symmetric mean absolute percentage error", _V, 200,
           "symmetric mean absolute percentage error"),
    Metric(name="r2", title="Coefficient of determination", direction=Direction.HIGHER, predicts=_V, high=1,
           aliases=("r squared", "r2 score", "coefficient of determination", "r^2")),
    _higher("pearson", "Pearson correlation", _V, -1, "pearson correlation", "pearson correlation coefficient",
            "pearsonr"),
    _higher("spearman", "Spearman rank correlation", _V, -1, "spearman correlation", "spearman s rank correlation",
            "spearman rank correlation", "spearman's rank correlation coefficient",
            "mean column wise spearman's correlation coefficient"),
    _lower("mean_column_rmse", "Mean column-wise RMSE", _V, _INF, "mcrmse", "mean columnwise rmse",
           "mean columnwise root mean squared error", "mean column wise root mean squared error"),
    _lower("mean_column_rmsle", "Mean column-wise RMSLE", _V, _INF, "mean columnwise rmsle",
           "column wise root mean squared logarithmic error", "mean columnwise root mean squared logarithmic error",
           "columnwise root mean squared log error"),
    _higher("map_at_k", "Mean average precision at k", _R, 0, "mean average precision", "map at k", "map@k", k=5),
)  # fmt: skip

METRICS: dict[str, Metric] = {metric.name: metric for metric in _ALL}
_RANKED = re.compile(r"\b(?:map|mean average precision)\s*(?:@|at)\s*(\d+)\b")


def _normal(text: str) -> str:
    """Lower case, and one blank wherever there is anything but a letter, a digit, @ or ^."""
    return re.sub(r"[^a-z0-9@^]+", " ", text.lower()).strip()


_NAMES = {_normal(name): metric for metric in _ALL for name in (metric.name, metric.title, *metric.aliases)}


def find_metric(name: str) -> Metric:
    """The metric of this name, in ours or in Kaggle's spelling; `map@7` sets k. Raises UnknownMetricError."""
    normal = _normal(name)
    if ranked := _RANKED.fullmatch(normal):
        return METRICS["map_at_k"].model_copy(update={"k": int(ranked[1])})
    found = _NAMES.get(normal) or _NAMES.get(normal.replace(" ", ""))
    if found is None:
        raise UnknownMetricError(name)
    return found


def metrics_named_in(text: str) -> list[Metric]:
    """Every metric that the text names, the longest name first where names overlap; in order of appearance."""
    normal = _normal(text)
    found: list[tuple[int, Metric]] = []
    for ranked in _RANKED.finditer(normal):
        found.append((ranked.start(), METRICS["map_at_k"].model_copy(update={"k": int(ranked[1])})))
    taken = [False] * len(normal)
    for name in sorted(_NAMES, key=len, reverse=True):
        for match in re.finditer(rf"(?<![a-z0-9]){re.escape(name)}(?![a-z0-9@])", normal):
            if not any(taken[match.start() : match.end()]):
                taken[match.start() : match.end()] = [True] * len(name)
                found.append((match.start(), _NAMES[name]))
    unique: dict[str, Metric] = {}
    for _, metric in sorted(found, key=lambda pair: pair[0]):
        unique.setdefault(metric.name, metric)
    return list(unique.values())
