"""Each metric against scikit-learn, scipy or a sum done by hand; and that it knows its direction."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mle_star_verifier.scoring.functions import FUNCTIONS
from scipy import stats
from sklearn import metrics as sk

from mle_star.tasks.metric import METRICS

RNG = np.random.default_rng(0)
N = 300
CODES = RNG.integers(0, 4, N)
GUESSED = np.where(RNG.random(N) < 0.5, CODES, RNG.integers(0, 4, N))
BINARY = RNG.integers(0, 2, N)
GUESSED_BINARY = np.where(RNG.random(N) < 0.6, BINARY, 1 - BINARY)
LIKELY = RNG.dirichlet([1, 1, 1, 1], N)
LIKELY_BINARY = RNG.dirichlet([1, 1], N)
VALUES = RNG.lognormal(size=N)
NEAR = VALUES * RNG.lognormal(sigma=0.3, size=N)
FOUR, TWO = ["a", "b", "c", "d"], [0, 1]


def score(name: str, truth: np.ndarray, predicted: np.ndarray, classes: list[object]) -> float:
    return FUNCTIONS[name].score(truth, predicted, classes)


def test_every_metric_of_the_registry_is_computed() -> None:
    assert FUNCTIONS.keys() == METRICS.keys()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("accuracy", sk.accuracy_score(CODES, GUESSED)),
        ("balanced_accuracy", sk.balanced_accuracy_score(CODES, GUESSED)),
        ("f1", sk.f1_score(CODES, GUESSED, average="macro")),
        ("f1_macro", sk.f1_score(CODES, GUESSED, average="macro")),
        ("f1_micro", sk.f1_score(CODES, GUESSED, average="micro")),
        ("f1_weighted", sk.f1_score(CODES, GUESSED, average="weighted")),
        ("mcc", sk.matthews_corrcoef(CODES, GUESSED)),
        ("quadratic_kappa", sk.cohen_kappa_score(CODES, GUESSED, weights="quadratic")),
    ],
)
def test_label_metrics_of_several_classes(name: str, expected: float) -> None:
    assert score(name, CODES, GUESSED, FOUR) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("f1", sk.f1_score(BINARY, GUESSED_BINARY)),
        ("f1_macro", sk.f1_score(BINARY, GUESSED_BINARY, average="macro")),
        ("mcc", sk.matthews_corrcoef(BINARY, GUESSED_BINARY)),
        ("quadratic_kappa", sk.cohen_kappa_score(BINARY, GUESSED_BINARY, weights="quadratic")),
    ],
)
def test_label_metrics_of_two_classes(name: str, expected: float) -> None:
    assert score(name, BINARY, GUESSED_BINARY, TWO) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("auc", sk.roc_auc_score(BINARY, LIKELY_BINARY[:, 1])),
        ("average_precision", sk.average_precision_score(BINARY, LIKELY_BINARY[:, 1])),
        ("log_loss", sk.log_loss(BINARY, LIKELY_BINARY)),
        ("brier", sk.brier_score_loss(BINARY, LIKELY_BINARY[:, 1])),
    ],
)
def test_probability_metrics_of_two_classes(name: str, expected: float) -> None:
    assert score(name, BINARY, LIKELY_BINARY, TWO) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("auc", sk.roc_auc_score(CODES, LIKELY, multi_class="ovr")),
        ("average_precision", sk.average_precision_score(np.eye(4)[CODES], LIKELY)),
        ("log_loss", sk.log_loss(CODES, LIKELY)),
    ],
)
def test_probability_metrics_of_several_classes(name: str, expected: float) -> None:
    assert score(name, CODES, LIKELY, FOUR) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("rmse", sk.root_mean_squared_error(VALUES, NEAR)),
        ("mean_column_rmse", sk.root_mean_squared_error(VALUES, NEAR)),
        ("mse", sk.mean_squared_error(VALUES, NEAR)),
        ("rmsle", sk.root_mean_squared_log_error(VALUES, NEAR)),
        ("mean_column_rmsle", sk.root_mean_squared_log_error(VALUES, NEAR)),
        ("rmse_log", sk.root_mean_squared_error(np.log(VALUES), np.log(NEAR))),
        ("mae", sk.mean_absolute_error(VALUES, NEAR)),
        ("median_ae", sk.median_absolute_error(VALUES, NEAR)),
        ("mape", sk.mean_absolute_percentage_error(VALUES, NEAR)),
        ("r2", sk.r2_score(VALUES, NEAR)),
        ("pearson", stats.pearsonr(VALUES, NEAR)[0]),
        ("spearman", stats.spearmanr(VALUES, NEAR)[0]),
        ("smape", 100 * np.mean(2 * np.abs(VALUES - NEAR) / (VALUES + NEAR))),
    ],
)
def test_value_metrics(name: str, expected: float) -> None:
    assert score(name, VALUES, NEAR, []) == pytest.approx(expected)


def test_ranks_by_hand() -> None:
    truth, ranked = np.array([0, 1, 2]), np.array([[0, 1], [0, 1], [0, 1]])
    assert score("map_at_k", truth, ranked, FOUR) == pytest.approx((1 + 1 / 2 + 0) / 3)


def test_words_by_hand() -> None:
    classes = ["a good day", "good day", "night"]
    assert score("jaccard", np.array([0, 0, 2]), np.array([0, 1, 1]), classes) == pytest.approx((1 + 2 / 3 + 0) / 3)


def test_kappa_takes_the_distances_of_numbers() -> None:
    truth, near, far = np.array([0, 1, 2, 2]), np.array([1, 1, 2, 2]), np.array([0, 1, 1, 2])
    assert score("quadratic_kappa", truth, near, [1, 2, 9]) > score("quadratic_kappa", truth, far, [1, 2, 9])


@pytest.mark.parametrize("name", ["log_loss", "auc", "average_precision", "brier"])
def test_a_class_that_no_row_has_is_no_error(name: str) -> None:
    assert np.isfinite(score(name, CODES, np.hstack([LIKELY, np.zeros((N, 1))]), [*FOUR, "e"]))


@pytest.mark.parametrize("name", ["f1_macro", "f1_weighted", "balanced_accuracy", "mcc", "quadratic_kappa"])
def test_a_class_that_no_row_has_changes_nothing(name: str) -> None:
    assert score(name, CODES, GUESSED, [*FOUR, "e"]) == pytest.approx(score(name, CODES, GUESSED, FOUR))


@pytest.mark.parametrize("name", ["auc", "average_precision"])
def test_rows_of_one_class_have_no_ranking_score(name: str) -> None:
    assert np.isnan(score(name, np.ones(5, dtype=int), LIKELY_BINARY[:5], TWO))


def test_a_constant_answer_has_no_correlation() -> None:
    assert score("pearson", VALUES, np.ones(N), []) == 0


def test_log_loss_of_a_certain_error_is_finite_and_rows_are_scaled() -> None:
    assert score("log_loss", np.array([0]), np.array([[0.0, 1.0]]), TWO) == pytest.approx(-np.log(np.finfo(float).eps))
    assert score("log_loss", BINARY, LIKELY_BINARY * 7, TWO) == pytest.approx(sk.log_loss(BINARY, LIKELY_BINARY))


def _perfect(name: str) -> tuple[np.ndarray, np.ndarray, list[object]]:
    predicts = METRICS[name].predicts
    if predicts == "values":
        return VALUES, VALUES, []
    if predicts == "labels":
        return BINARY, BINARY, TWO
    return BINARY, np.eye(2)[BINARY] if predicts == "probabilities" else np.stack([BINARY, 1 - BINARY], axis=1), TWO


@pytest.mark.parametrize("name", sorted(METRICS))
def test_perfect_answers_beat_shuffled_ones_in_the_metrics_direction(name: str) -> None:
    truth, perfect, classes = _perfect(name)
    shuffled = perfect[RNG.permutation(N)]
    best, worse = score(name, truth, perfect, classes), score(name, truth, shuffled, classes)
    assert METRICS[name].sign * best > METRICS[name].sign * worse
    assert best == pytest.approx(METRICS[name].high if METRICS[name].sign > 0 else METRICS[name].low, abs=1e-9)


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=30),
    st.sampled_from(sorted(name for name in METRICS if METRICS[name].predicts == "labels")),
)
def test_label_metrics_stay_in_their_range(rows: list[tuple[int, int]], name: str) -> None:
    truth, predicted = np.array(rows).T
    found = score(name, truth, predicted, FOUR)
    assert np.isnan(found) or METRICS[name].low - 1e-9 <= found <= METRICS[name].high + 1e-9
