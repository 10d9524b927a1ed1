"""The targets, the layout and the row map, from the sample's columns against those of train and test."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mle_star.harness.decide import decide
from mle_star.harness.render import render
from mle_star.service.errors import BadInputError
from mle_star.tasks.competition import ColumnKind, Layout, RowMap
from mle_star.tasks.task import TaskType

IDS = np.arange(40, 50)
BINARY = np.arange(40) % 2


def _sample(**answers):
    return pd.DataFrame({"id": IDS, **answers})


def _names(competition):
    return [target.name for target in competition.targets]


def _renders(competition, test, sample):
    """What the harness makes of made-up raw predictions for every test row."""
    raw = np.random.default_rng(0).random((len(test), len(competition.raw_columns())))
    return render(decide(raw, competition.context(), {}), test, sample, competition.context())


def test_same_name(lay_out, numbers, intake):
    sample = _sample(target=0)
    competition, _ = intake(lay_out(train=numbers(40, target=BINARY), test=numbers(10, 40), sample=sample))
    assert _names(competition) == ["target"]
    assert competition.targets[0].classes == [0, 1]
    assert competition.task_type is TaskType.CLASSIFICATION
    assert competition.ids == ["id"]
    assert [column.name for column in competition.columns] == ["x", "y"]
    assert competition.submission.rows is RowMap.ONE_TO_ONE
    assert competition.submission.key == ("id", "id")
    assert competition.submission.wants_integers
    assert set(_renders(competition, numbers(10, 40), sample)["target"]) <= {0, 1}


def test_names_that_differ_by_case(lay_out, numbers, intake):
    sample = pd.DataFrame({"Id": IDS, "SALE_price": 0.5})
    folder = lay_out(train=numbers(40, SalePrice=np.linspace(1, 9.5, 40)), test=numbers(10, 40), sample=sample)
    competition, _ = intake(folder)
    assert _names(competition) == ["SalePrice"]
    assert competition.submission.answers == ["SALE_price"]
    assert competition.submission.key == ("Id", "id")
    assert competition.task_type is TaskType.REGRESSION
    assert _renders(competition, numbers(10, 40), sample)["SALE_price"].nunique() == 10


@pytest.mark.parametrize(
    ("labels", "answers"),
    [
        (["C", "CL", "D"], ["Status_C", "Status_CL", "Status_D"]),
        (["EAP", "HPL", "MWS"], ["MWS", "EAP", "HPL"]),
        (["DRUG/NARCOTIC", "BAD CHECKS", "ARSON"], ["arson", "bad checks", "drug/narcotic"]),
        ([3, 1, 2], ["Class_1", "Class_2", "Class_3"]),
        ([True, False], ["p_False", "p_True"]),
    ],
)
def test_a_column_a_class(labels, answers, lay_out, numbers, intake):
    sample = _sample(**dict.fromkeys(answers, 0.3))
    target = [labels[i % len(labels)] for i in range(40)]
    folder = lay_out(train=numbers(40, Status=target, note="n"), test=numbers(10, 40), sample=sample)
    competition, _ = intake(folder)
    assert _names(competition) == ["Status"]
    assert competition.targets[0].classes == sorted(labels)
    assert competition.submission.layout is Layout.CLASSES
    pairs = zip(competition.submission.answers, competition.targets[0].classes, strict=True)
    assert all(answer.lower().endswith(str(label).lower()) for answer, label in pairs)
    assert competition.metric.name == "log_loss"
    assert competition.helpers == ["note"]
    assert np.allclose(_renders(competition, numbers(10, 40), sample)[answers].sum(axis=1), 1)


def test_a_class_that_training_lacks_keeps_the_samples_values(lay_out, numbers, intake):
    sample = _sample(kind_a=0.3, kind_b=0.3, kind_c=0.4)
    folder = lay_out(train=numbers(40, kind=["a", "b"] * 20), test=numbers(10, 40), sample=sample)
    competition, _ = intake(folder)
    assert competition.submission.answers == ["kind_a", "kind_b"]
    assert any("kind_c" in warning for warning in competition.warnings)


def test_several_targets_and_helpers(lay_out, numbers, intake):
    train = numbers(40, a=np.linspace(0, 1, 40), b=np.linspace(3, 9, 40), casual=1.5, more="m")
    competition, _ = intake(lay_out(train=train, test=numbers(10, 40), sample=_sample(b=0.5, a=0.5)))
    assert _names(competition) == ["b", "a"]
    assert competition.submission.answers == ["b", "a"]
    assert competition.helpers == ["casual", "more"]
    assert competition.metric.name == "mean_column_rmse"


def test_ranked_lists(lay_out, numbers, intake):
    train = numbers(60, Fertilizer=["14-35-14", "10-26-26", "Urea", "DAP"] * 15)
    sample = _sample(Fertilizer="14-35-14 10-26-26 Urea")
    folder = lay_out(train=train, test=numbers(10, 40), sample=sample)
    for given in ({}, {"metric": "MAP@3"}):
        competition, _ = intake(folder, **given)
        assert competition.submission.layout is Layout.RANKED
        assert competition.task_type is TaskType.RANKING
        assert competition.metric.k == 3
        assert competition.targets[0].classes == ["10-26-26", "14-35-14", "DAP", "Urea"]
    assert _renders(competition, numbers(10, 40), sample)["Fertilizer"].str.split().map(len).eq(3).all()


def test_no_id_at_all(lay_out, numbers, intake):
    train, test = numbers(40, target=BINARY).drop(columns="id"), numbers(10, 40).drop(columns="id")
    competition, _ = intake(lay_out(train=train, test=test, sample=pd.DataFrame({"target": [0] * 10})))
    assert competition.ids == []
    assert competition.submission.rows is RowMap.ONE_TO_ONE
    assert competition.submission.key is None


@pytest.mark.parametrize("key", ["Id", "image", "Store_Date"])
def test_an_id_that_only_the_submission_has(key, lay_out, numbers, intake):
    train, test = numbers(40, target=BINARY).drop(columns="id"), numbers(10, 40).drop(columns="id")
    sample = pd.DataFrame({key: [f"a_{i}" for i in range(10)], "target": 0})
    competition, _ = intake(lay_out(train=train, test=test, sample=sample))
    assert _names(competition) == ["target"]
    assert competition.submission.key is None
    assert competition.submission.rows is RowMap.ONE_TO_ONE
    assert competition.submission.columns == [key, "target"]


def test_an_id_that_train_and_submission_have_but_the_test_lacks(lay_out, numbers, intake):
    test = numbers(10, 40).drop(columns="id")
    competition, _ = intake(lay_out(train=numbers(40, target=BINARY), test=test, sample=_sample(target=0)))
    assert _names(competition) == ["target"]
    assert competition.ids == ["id"]
    assert competition.helpers == []


def test_an_unnamed_id(lay_out, numbers, intake):
    train, test = (frame.rename(columns={"id": ""}) for frame in (numbers(40, target=BINARY), numbers(10, 40)))
    competition, _ = intake(lay_out(train=train, test=test, sample=_sample(target=0).rename(columns={"id": ""})))
    assert competition.ids == ["Unnamed: 0"]
    assert competition.submission.key == ("Unnamed: 0", "Unnamed: 0")


def test_another_id_in_the_test(lay_out, numbers, intake):
    test = numbers(10, 0).rename(columns={"id": "test_id"})
    sample = pd.DataFrame({"test_id": np.arange(10), "target": 0.4})
    competition, _ = intake(lay_out(train=numbers(40, target=BINARY), test=test, sample=sample))
    assert competition.ids == ["id", "test_id"]
    assert competition.submission.key == ("test_id", "test_id")
    assert competition.metric.name == "auc"


def test_an_only_column_that_the_test_lacks_under_another_name(lay_out, numbers, intake):
    folder = lay_out(train=numbers(40, relevance=BINARY), test=numbers(10, 40), sample=_sample(prediction=1))
    assert _names(intake(folder)[0]) == ["relevance"]


def test_ambiguity_is_an_error_that_the_option_settles(lay_out, numbers, intake):
    train = numbers(40, relevance=BINARY, variance=np.linspace(0, 1, 40))
    folder = lay_out(train=train, test=numbers(10, 40), sample=_sample(prediction=1))
    with pytest.raises(BadInputError, match=r"relevance, variance.*--target"):
        intake(folder)
    competition, _ = intake(folder, target="Relevance")
    assert _names(competition) == ["relevance"]
    assert competition.submission.answers == ["prediction"]
    assert competition.helpers == ["variance"]


def test_two_columns_whose_classes_fit_are_ambiguous(lay_out, numbers, intake):
    train = numbers(40, first=["a", "b"] * 20, second=["b", "a"] * 20)
    folder = lay_out(train=train, test=numbers(10, 40), sample=_sample(a=0.5, b=0.5))
    with pytest.raises(BadInputError, match=r"first, second.*--target"):
        intake(folder)
    assert _names(intake(folder, target="second")[0]) == ["second"]


def test_several_targets_by_the_option(lay_out, numbers, intake):
    train = numbers(40, a=np.linspace(0, 1, 40), b=np.linspace(3, 9, 40), c=0.5)
    folder = lay_out(train=train, test=numbers(10, 40), sample=_sample(one=0.5, two=0.5))
    assert _names(intake(folder, target="b, a")[0]) == ["b", "a"]
    with pytest.raises(BadInputError, match="name 2 columns"):
        intake(folder, target="a")


def test_an_empty_target_column_in_the_test(lay_out, numbers, intake):
    test = numbers(10, 40, target=np.nan)
    competition, _ = intake(lay_out(train=numbers(40, target=BINARY), test=test, sample=_sample(target=0)))
    assert _names(competition) == ["target"]
    assert "target" not in [column.name for column in competition.columns]
    assert any("target is empty in the test file" in warning for warning in competition.warnings)


def test_spans_are_left_to_the_sample(lay_out, numbers, intake):
    train = numbers(40, text=[f"some words of row {i}" for i in range(40)], span=[f"words of {i}" for i in range(40)])
    test, sample = numbers(10, 40, text="a b c"), _sample(span="a b")
    competition, _ = intake(lay_out(train=train, test=test, sample=sample), description="Metric: word-level Jaccard")
    assert competition.task_type is TaskType.OTHER
    assert competition.submission.layout is Layout.UNKNOWN
    assert competition.submission.rows is RowMap.UNVERIFIED
    assert competition.metric.name == "jaccard"
    assert competition.targets[0].classes is None


def test_lists_as_answers_are_left_to_the_sample(lay_out, numbers, intake):
    train = numbers(40, values=[[i, i + 1] for i in range(40)])
    folder = lay_out(train__json=train, test__json=numbers(10, 40), sample=_sample(values="[0, 0]"))
    competition, labels = intake(folder)
    assert competition.submission.layout is Layout.UNKNOWN
    assert labels.size > 0


@pytest.mark.parametrize(
    ("test_ids", "sample_ids", "rows"),
    [
        (IDS, IDS[::-1], RowMap.ONE_TO_ONE),
        (np.repeat(IDS, 3), IDS, RowMap.AGGREGATED),
        (IDS, np.repeat(IDS, 2), RowMap.MANY_TO_ONE),
        (IDS, IDS[:9], RowMap.ONE_TO_ONE),
        (IDS, np.arange(7), RowMap.UNVERIFIED),
    ],
)
def test_row_maps(test_ids, sample_ids, rows, lay_out, numbers, intake):
    test = numbers(len(test_ids), 40).assign(id=test_ids)
    sample = pd.DataFrame({"id": sample_ids, "target": 0.5})
    competition, _ = intake(lay_out(train=numbers(40, target=np.linspace(0, 9.5, 40)), test=test, sample=sample))
    assert competition.submission.rows is rows
    assert competition.submission.key == (None if rows is RowMap.UNVERIFIED else ("id", "id"))
    assert competition.submission.count == len(sample)
    if rows is RowMap.UNVERIFIED:
        assert any("unverified" in warning for warning in competition.warnings)
    else:
        assert "id" not in [column.name for column in competition.columns]


def test_a_date_as_the_key_is_an_input_too(lay_out, numbers, intake):
    hours = pd.date_range("2011-01-01", periods=50, freq="h").astype(str)
    train = numbers(40, count=np.arange(40)).assign(id=hours[:40]).rename(columns={"id": "datetime"})
    test = numbers(10, 40).assign(id=hours[40:]).rename(columns={"id": "datetime"})
    sample = pd.DataFrame({"datetime": hours[40:], "count": 0})
    competition, _ = intake(lay_out(train=train, test=test, sample=sample), metric="rmsle")
    assert competition.ids == []
    assert competition.columns[0].kind is ColumnKind.DATE
    assert competition.submission.key == ("datetime", "datetime")


def test_inputs_in_the_sample_are_no_ids(lay_out, numbers, intake):
    texts = [f"comment number {i} {'again ' * (i % 3)}" for i in range(50)]
    train = numbers(40, Insult=BINARY, Comment=texts[:40]).drop(columns="id")
    test = numbers(10, 40, Comment=texts[40:]).drop(columns="id")
    sample = pd.DataFrame({"Insult": 0, "Comment": texts[40:]})
    competition, _ = intake(lay_out(train=train, test=test, sample=sample))
    assert _names(competition) == ["Insult"]
    assert ("Comment", ColumnKind.TEXT) in [(column.name, column.kind) for column in competition.columns]
    assert competition.submission.rows is RowMap.ONE_TO_ONE


def test_classes_and_numbers_together_are_left_to_the_sample(lay_out, numbers, intake):
    train = numbers(40, word=["a", "b"] * 20, number=np.linspace(0, 1, 40))
    folder = lay_out(train=train, test=numbers(10, 40), sample=_sample(word="a", number=0.5))
    competition, _ = intake(folder)
    assert competition.submission.layout is Layout.UNKNOWN
    assert competition.task_type is TaskType.OTHER
    assert [target.classes for target in competition.targets] == [["a", "b"], None]


@pytest.mark.parametrize(
    ("target", "classes"),
    [
        (pd.Categorical(["b", "a"] * 20), ["a", "b"]),
        (pd.array([1, 0, None, 1] * 10, dtype="Int64"), [0, 1]),
        (pd.array([True, None, False, True] * 10, dtype="boolean"), [False, True]),
    ],
)
def test_typed_columns_of_parquet(target, classes, lay_out, numbers, intake):
    folder = lay_out(
        train__parquet=numbers(40, target=target), test__parquet=numbers(10, 40), sample__parquet=_sample(target=0)
    )
    competition, _ = intake(folder)
    assert competition.targets[0].classes == classes
    assert type(competition).model_validate_json(competition.model_dump_json()) == competition
