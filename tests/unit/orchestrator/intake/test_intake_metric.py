"""The metric and the task type: by option, by description, by the values."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mle_star.tasks.task import TaskType

C, R = TaskType.CLASSIFICATION, TaskType.REGRESSION


@pytest.fixture
def competition_of(lay_out, numbers, intake):
    def make(target, answer=0, **given):
        sample = pd.DataFrame({"id": np.arange(900, 910), "target": answer})
        train = numbers(len(target), target=target)
        return intake(lay_out(train=train, test=numbers(10, 900), sample=sample), **given)[0]

    return make


FIVE = np.arange(200) % 5
COUNTS = np.arange(200) * 7 % 150
FRACTIONS = np.linspace(0, 3, 200)


@pytest.mark.parametrize(
    ("target", "metric", "task_type", "name"),
    [
        (FIVE, None, C, "accuracy"),
        (FIVE, "rmse", R, "rmse"),
        (FIVE, "quadratic weighted kappa", C, "quadratic_kappa"),
        (FIVE, "F1", C, "f1_macro"),
        (FIVE % 2, "F1", C, "f1"),
        (FIVE % 2, "RMSE", R, "rmse"),
        (COUNTS, None, R, "rmse"),
        (COUNTS, "rmsle", R, "rmsle"),
        (FRACTIONS, None, R, "rmse"),
        (["a", "b"] * 100, None, C, "accuracy"),
        (["a", "b", "c", "d"] * 50, "f1", C, "f1_macro"),
        ([True, False] * 100, "auc", C, "auc"),
    ],
)
def test_metric_first(target, metric, task_type, name, competition_of):
    competition = competition_of(target, metric=metric)
    assert competition.task_type is task_type
    assert competition.metric.name == name
    assert (competition.targets[0].classes is None) == (task_type is R)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("## Evaluation\nSubmissions are scored by the Root-Mean-Squared-Error (RMSE).", "rmse"),
        ("# Task\nHigh accuracy matters.\n# Evaluation\n**MAE**\n# Prizes\nRMSE", "mae"),
        ("## Evaluation\n### Metric\nRMSE between the logarithm of the predicted value", "rmse_log"),
        ("The accuracy of a sensor is poor. Submissions are evaluated on MAE.", "mae"),
        ("Evaluated on root mean squared logarithmic error", "rmsle"),
        ("# Evaluation\nA secret of ours", "rmse"),
        ("# Evaluation\nAccuracy, then MAE", "mae"),
    ],
)
def test_the_description_names_it(text, name, competition_of):
    assert competition_of(FRACTIONS + 1, answer=0.5, description=text).metric.name == name


def test_the_option_goes_before_the_description(competition_of):
    competition = competition_of(FRACTIONS, metric="mae", description="# Evaluation\nRMSE")
    assert competition.metric.name == "mae"
    why = next(decision.why for decision in competition.decisions if decision.what == "metric")
    assert why == "it was asked for"


def test_a_default_is_said_aloud(competition_of):
    why = {decision.what: decision.why for decision in competition_of(FRACTIONS).decisions}
    assert "neither an option nor the description" in why["metric"]


def test_what_the_description_names_and_does_not_fit_is_said(competition_of):
    competition = competition_of(["a", "b"] * 100, description="# Evaluation\nRMSE")
    assert competition.metric.name == "accuracy"
    assert any("the description names rmse" in warning for warning in competition.warnings)


def test_fractions_in_the_sample_ask_for_probabilities(competition_of):
    competition = competition_of(FIVE % 2, answer=0.5)
    assert competition.metric.name == "auc"
    assert not competition.submission.wants_integers


@pytest.mark.parametrize(
    ("target", "classes"),
    [
        ([True, False] * 20, [False, True]),
        ([2, 0] * 20, [0, 2]),
        ([1.0, 0.0, None, 1.0] * 10, [0, 1]),
        (["b", "a"] * 20, ["a", "b"]),
        ([0.5, 1.0, 1.5, 2.0] * 10, [0.5, 1.0, 1.5, 2.0]),
    ],
)
def test_classes_have_the_type_of_their_column(target, classes, competition_of):
    found = competition_of(target, metric="accuracy").targets[0].classes
    assert found == classes
    assert [type(label) for label in found] == [type(label) for label in classes]


def test_whole_numbers_are_wanted_only_where_sample_and_training_hold_them(competition_of):
    assert competition_of(COUNTS, answer=0).submission.wants_integers
    assert not competition_of(COUNTS, answer=0.5).submission.wants_integers
    assert not competition_of(FRACTIONS, answer=0).submission.wants_integers


def test_every_decision_is_recorded(competition_of):
    competition = competition_of(FIVE)
    assert {decision.what for decision in competition.decisions} >= {
        "files", "ids", "targets", "task type", "metric", "submission layout", "row map", "split",
    }  # fmt: skip
    assert all(decision.value and decision.why for decision in competition.decisions)
