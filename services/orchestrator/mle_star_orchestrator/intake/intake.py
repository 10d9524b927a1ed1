"""Intake, in the order that one thing follows from another."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pandas as pd

from mle_star.artifacts import ArtifactStore
from mle_star.harness.spans import MOST_WORDS
from mle_star.tasks.artifact import Artifact
from mle_star.tasks.competition import Competition, Files, Layout, Target
from mle_star.tasks.metric import Metric, Predicts
from mle_star.tasks.task import TaskType
from mle_star_orchestrator.intake.columns import id_columns, input_columns, is_new_in_test
from mle_star_orchestrator.intake.description import read_description
from mle_star_orchestrator.intake.extras import store_extras
from mle_star_orchestrator.intake.files import Found, find_files
from mle_star_orchestrator.intake.labels import store_labels
from mle_star_orchestrator.intake.metric import choose_metric
from mle_star_orchestrator.intake.notes import Notes, listed
from mle_star_orchestrator.intake.reading import read
from mle_star_orchestrator.intake.split import choose_split
from mle_star_orchestrator.intake.submission import describe_submission
from mle_star_orchestrator.intake.targets import Targets, find_targets
from mle_star_orchestrator.intake.values import Nature, classes_of, nature_of, too_many_classes


def take_in(
    folder: Path,
    *,
    name: str,
    store: ArtifactStore,
    metric: str | None,
    description: str | None,
    target: str | None,
    seed: int,
) -> tuple[Competition, Artifact]:
    """Decides from a folder's files what the competition is; puts the files and the labels into the store.

    `metric`, `description` and `target` settle what the files leave open. Raises BadInputError, whose one line says
    what is wrong and what to do.
    """
    with tempfile.TemporaryDirectory(prefix="intake-") as scratch:
        return _take_in(folder, Path(scratch), name, store, metric, description, target, seed)


def _take_in(
    folder: Path,
    scratch: Path,
    name: str,
    store: ArtifactStore,
    metric_option: str | None,
    description: str | None,
    target_option: str | None,
    seed: int,
) -> tuple[Competition, Artifact]:
    notes = Notes()
    found = find_files(folder, scratch)
    paths = [one.unpacked(scratch) for one in (found.train, found.test, found.sample)]
    train, test, sample = (
        read(path, one.name, notes) for path, one in zip(paths, (found.train, found.test, found.sample), strict=True)
    )
    _say_files(found, train, test, sample, notes)

    targets = find_targets(train, test, sample, target_option, notes)
    natures = [nature_of(train[column]) for column in targets.names]
    text = "\n\n".join(part for part in (description, read_description(folder)) if part)
    metric = choose_metric(metric_option, text, train, sample, targets, natures, notes)
    described = [
        _describe(train[column], nature, metric) for column, nature in zip(targets.names, natures, strict=True)
    ]
    submission = describe_submission(test, sample, targets, described, natures, metric, train, notes)
    if submission.layout is Layout.SPAN:
        described = [described[0].model_copy(update={"words": MOST_WORDS})]
    task_type = _task_type(described, submission.layout, natures, notes)

    ids = _ids(train, test, sample, targets, submission.key, notes)
    columns = input_columns(train, test, {*targets.names, *ids}, notes)
    helpers = [c for c in map(str, train.columns) if c not in test.columns and c not in {*targets.names, *ids}]
    if helpers:
        notes.decide(
            "helpers", listed(helpers), "only the training file has them: no inputs, but they may help to learn"
        )
    split = choose_split(train, test, described, columns, ids, seed, notes)

    artifacts = {
        one.name: store.put_file(path, one.name)
        for path, one in zip(paths, (found.train, found.test, found.sample), strict=True)
    }
    extra = store_extras(found.extra, set(artifacts), targets.names, scratch, store, notes)
    competition = Competition(
        name=name,
        description=text,
        task_type=task_type,
        metric=metric,
        targets=described,
        columns=columns,
        helpers=helpers,
        ids=ids,
        train_rows=len(train),
        test_rows=len(test),
        files=Files(train=found.train.name, test=found.test.name, sample=found.sample.name, extra=sorted(extra)),
        artifacts=artifacts | extra,
        submission=submission,
        split=split,
        decisions=notes.decisions,
        warnings=notes.warnings,
    )
    return competition, store_labels(train, competition.context(), store)


def _say_files(found: Found, train: pd.DataFrame, test: pd.DataFrame, sample: pd.DataFrame, notes: Notes) -> None:
    named = (found.train, found.test, found.sample)
    value = ", ".join(
        f"{one.name} ({len(frame)} rows)" for one, frame in zip(named, (train, test, sample), strict=True)
    )
    notes.decide("files", value, "their names say what they are")


def _describe(values: pd.Series, nature: Nature, metric: Metric) -> Target:
    """A target with its classes, unless it is a number or nothing that has any."""
    numeric = nature in {Nature.WHOLE, Nature.FRACTIONS}
    if nature is Nature.FREE or (numeric and metric.predicts is Predicts.VALUES) or too_many_classes(values, nature):
        return Target(name=str(values.name))
    return Target(name=str(values.name), classes=classes_of(values))


def _task_type(targets: list[Target], layout: Layout, natures: list[Nature], notes: Notes) -> TaskType:
    classified = [target for target in targets if target.classes is not None]
    if layout is Layout.UNKNOWN or len(classified) not in {0, len(targets)}:
        task_type, why = TaskType.OTHER, "its answers are of no kind that is predicted here"
    elif layout is Layout.SPAN:
        task_type, why = TaskType.OTHER, "its answers are parts of a text"
    elif layout is Layout.RANKED:
        task_type, why = TaskType.RANKING, "the likeliest of its labels are wanted in order"
    elif classified:
        counts = ", ".join(f"{target.name} {len(target.classes or [])}" for target in classified[:8])
        task_type, why = TaskType.CLASSIFICATION, f"{natures[0]} as classes: {counts}"
    else:
        task_type, why = TaskType.REGRESSION, f"{natures[0]}, and the metric is computed on values"
    notes.decide("task type", task_type, why)
    return task_type


def _ids(
    train: pd.DataFrame,
    test: pd.DataFrame,
    sample: pd.DataFrame,
    targets: Targets,
    key: tuple[str, str] | None,
    notes: Notes,
) -> list[str]:
    ids = id_columns(train, test, sample, targets.names)
    if key and key[1] not in ids and is_new_in_test(key[1], train, test):
        ids.append(key[1])  # it names what several rows are of, and tells nothing of new ones
    if ids:
        notes.decide("ids", listed(ids), "they name rows, and are no inputs")
    else:
        notes.decide(
            "ids", "none", f"rows are tied by {key[1]}, which is an input too" if key else "no column names rows"
        )
    return ids
