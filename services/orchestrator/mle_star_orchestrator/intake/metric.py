"""Which metric a competition is scored by: the option, else its description, else a default for its targets."""

from __future__ import annotations

import re

import pandas as pd

from mle_star.service.errors import BadInputError
from mle_star.tasks.metric import METRICS, Metric, Predicts, UnknownMetricError, find_metric, metrics_named_in
from mle_star_orchestrator.intake.notes import Notes, listed
from mle_star_orchestrator.intake.targets import Targets
from mle_star_orchestrator.intake.values import Nature, looks_like_classes, too_many_classes

_SECTION = re.compile(r"evaluat|metric|scor", re.IGNORECASE)
_SENTENCE = re.compile(r"evaluat|metric|scored|judged|graded|minimi[sz]|maximi[sz]|optimi[sz]", re.IGNORECASE)
_SPECIAL = {"f1": {"f1_macro", "f1_micro", "f1_weighted"}, "rmse": {"rmse_log", "rmsle", "mean_column_rmse"},
            "auc": {"mean_column_auc"}, "rmsle": {"mean_column_rmsle"}, "accuracy": {"balanced_accuracy"}}  # fmt: skip
_OF_COLUMNS = {"auc": "mean_column_auc", "rmse": "mean_column_rmse", "rmsle": "mean_column_rmsle"}


def choose_metric(
    option: str | None,
    description: str,
    train: pd.DataFrame,
    sample: pd.DataFrame,
    targets: Targets,
    natures: list[Nature],
    notes: Notes,
) -> Metric:
    """Raises BadInputError if the option names no metric, or one that cannot be computed on the targets."""
    if option:
        try:
            metric = find_metric(option)
        except UnknownMetricError as error:
            raise BadInputError(f"{error}; name one of them with --metric (metric in the API)") from None
        if against := contradiction(metric, train, targets, natures):
            raise BadInputError(f"the metric {metric.name} does not fit: {against}; name another with --metric")
        chosen, why = metric, "it was asked for"
    else:
        chosen, why = _described(description, train, targets, natures, notes) or _default(
            train, sample, targets, natures
        )
    chosen, more = _adapted(chosen, train, sample, targets) if Nature.FREE not in natures else (chosen, "")
    notes.decide("metric", f"{chosen.name}, {chosen.direction} is better, on {chosen.predicts}", why + more)
    return chosen


def contradiction(metric: Metric, train: pd.DataFrame, targets: Targets, natures: list[Nature]) -> str | None:
    """Why the metric cannot be computed on the targets; None if it can."""
    if metric.predicts is Predicts.VALUES and targets.class_columns:
        return "it needs numbers, and the sample submission wants a column a class"
    if metric.predicts is Predicts.RANKS and (len(targets.answers) > 1):
        return "it needs one column of ranked labels"
    for name, nature in zip(targets.names, natures, strict=True):
        values = train[name]
        if metric.predicts is Predicts.VALUES:
            if not pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
                return f"it needs numbers, and {name} holds {nature}"
            if (metric.name.endswith("rmsle") and values.min() <= -1) or (
                metric.name == "rmse_log" and values.min() <= 0
            ):
                return f"it takes logarithms, and {name} goes down to {values.min()}"
        elif nature is not Nature.FREE:
            distinct = values.nunique()
            if too_many_classes(values, nature):
                return f"it needs classes, and {name} has {distinct} different numbers"
            if metric.predicts is Predicts.PROBABILITIES and distinct > 2 and not targets.class_columns:
                return (
                    f"it needs a column a class, and the sample submission has one column for the {distinct} of {name}"
                )
    return None


def evaluation_section(text: str) -> str:
    """The part of a description that says how answers are scored: under its heading, else the sentences on it."""
    lines, section, inside = text.splitlines(), [], 0
    for line in lines:
        heading = re.match(r"(#+)\s*(.*)", line)
        if heading and (not inside or len(heading[1]) <= inside):
            inside = len(heading[1]) if _SECTION.search(heading[2]) else 0
        if inside:
            section.append(line)
    if section:
        return "\n".join(section)
    return "\n".join(part for part in re.split(r"(?<=[.;!?])\s+|\n", text) if _SENTENCE.search(part))


def _described(
    description: str, train: pd.DataFrame, targets: Targets, natures: list[Nature], notes: Notes
) -> tuple[Metric, str] | None:
    """The first metric that the description's evaluation section names and that fits the targets."""
    named = metrics_named_in(evaluation_section(description))
    names = {metric.name for metric in named}
    named = [metric for metric in named if not _SPECIAL.get(metric.name, set()) & names]
    fitting = []
    for metric in named:
        if against := contradiction(metric, train, targets, natures):
            notes.warn(f"the description names {metric.name}, which does not fit: {against}")
        else:
            fitting.append(metric)
    if not fitting:
        return None
    if others := [metric.name for metric in fitting[1:]]:
        notes.warn(f"the description also names {listed(others)}: --metric settles it, if {fitting[0].name} is wrong")
    return fitting[0], "the description's evaluation section names it"


def _default(train: pd.DataFrame, sample: pd.DataFrame, targets: Targets, natures: list[Nature]) -> tuple[Metric, str]:
    said = "neither an option nor the description names one; the default for "
    if targets.class_columns:
        return METRICS["log_loss"], said + "a column a class"
    if all(looks_like_classes(train[name], nature) for name, nature in zip(targets.names, natures, strict=True)):
        if ranked_length(sample[targets.answers[0]], train[targets.names[0]]) > 1:
            return METRICS["map_at_k"], said + "ranked labels"
        if _wants_probabilities(sample[targets.answers]) and train[targets.names].nunique().max() == 2:
            return METRICS["auc"], said + "two classes, of which the sample submission holds fractions"
        return METRICS["accuracy"], said + "classes"
    if any(nature in {Nature.FREE, Nature.LABELS} for nature in natures):
        return METRICS["jaccard" if Nature.FREE in natures else "accuracy"], said + "text"
    return METRICS["rmse"], said + "numbers"


def ranked_length(answers: pd.Series, labels: pd.Series) -> int:
    """How many labels the sample's answers list, blanks between; 1 if they are no lists of known labels."""
    if pd.api.types.is_numeric_dtype(answers) or answers.isna().any():
        return 1
    known = {str(label) for label in labels.dropna().unique()}
    lists = answers.head(200).astype(str)
    if lists.isin(known).any():
        return 1
    lengths = lists.str.split().map(lambda parts: len(parts) if set(parts) <= known else 1)
    return int(lengths.max()) if lengths.median() > 1 else 1


def _wants_probabilities(answers: pd.DataFrame) -> bool:
    numbers = answers.select_dtypes("float")
    return bool(((numbers > 0) & (numbers < 1)).any(axis=None))


def _adapted(metric: Metric, train: pd.DataFrame, sample: pd.DataFrame, targets: Targets) -> tuple[Metric, str]:
    """The metric's form for these targets: over several columns, for more than two classes, k of the sample."""
    if metric.name == "f1" and len(targets.names) == 1 and train[targets.names[0]].nunique() > 2:
        return METRICS["f1_macro"], "; there are more than two classes, so F1 is their mean"
    if len(targets.names) > 1 and metric.name in _OF_COLUMNS:
        return METRICS[_OF_COLUMNS[metric.name]], "; there are several targets, so it is the mean over them"
    if metric.predicts is Predicts.RANKS:
        length = ranked_length(sample[targets.answers[0]], train[targets.names[0]])
        if metric == METRICS["map_at_k"] and length > 1:
            return metric.model_copy(update={"k": length}), f"; the sample submission lists {length} labels"
    return metric, ""
