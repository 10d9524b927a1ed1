"""What single variants and parts of the catalogue make of data that only they can read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from mle_star_executor.recipes.parts.blocks import Blocks
from mle_star_executor.recipes.parts.clean_text import clean_text
from mle_star_executor.recipes.parts.dates import date_parts
from mle_star_executor.recipes.parts.text_pairs import text_pairs
from mle_star_executor.recipes.slots.encode.onehot import encode_onehot
from mle_star_executor.recipes.slots.encode.signed_totals import encode_signed_totals
from mle_star_executor.recipes.slots.fit_predict.kernel import fit_predict_kernel
from mle_star_executor.recipes.slots.fit_predict.lasso import fit_predict_lasso
from mle_star_executor.recipes.slots.fit_predict.linear import fit_predict_linear
from mle_star_executor.recipes.slots.fit_predict.ordinal import fit_predict_ordinal
from mle_star_executor.recipes.slots.fit_predict.texts import fit_predict_texts
from mle_star_executor.recipes.slots.prepare.text import prepare_text
from mle_star_executor.recipes.slots.settle.kernel import settle_kernel
from mle_star_executor.recipes.slots.settle.lasso import settle_lasso
from scipy import sparse
from sklearn.datasets import make_friedman1, make_regression

from mle_star.tasks.recipes import PARAMS

CONTEXT: dict[str, Any] = {"seed": 0, "metric": {"name": "rmse"}}
Slot = Callable[..., Any]


def blocks_of(number: pd.DataFrame) -> Blocks:
    nothing = pd.DataFrame(index=number.index)
    return {"number": number, "category": nothing, "levels": nothing}


def test_texts_that_tell_the_same_are_found() -> None:
    first = pd.Series(["a red house", "the sea at night", "one stone", None], dtype="str")
    second = pd.Series(["house, red!", "green hill", "one stone", None], dtype="str")
    found = text_pairs({"p": first, "q": second})
    for cosine in (found["p, q: cosine of words"], found["p, q: cosine of characters"]):
        assert cosine[2] == pytest.approx(1, abs=1e-6)
        assert cosine[0] > 0.4 > cosine[1]
        assert cosine[3] == 0
    assert list(found["p, q: shared words"]) == [2, 0, 2, 0]
    assert list(found["p, q: same"]) == [0, 0, 1, 1]


def test_one_text_and_texts_without_words_have_no_pairs() -> None:
    empty = pd.Series(["", None], dtype="str")
    assert text_pairs({"p": pd.Series(["a", "b"], dtype="str")}) == {}
    assert text_pairs({"p": empty, "q": empty}) == {}


def test_amounts_are_summed_by_what_they_speak_for() -> None:
    rng = np.random.default_rng(0)
    spent = pd.DataFrame(rng.exponential(size=(800, 4)) * (rng.random((800, 4)) < 0.6), columns=list("abcd"))
    z = ((spent["a"] + spent["b"] - spent["c"] - spent["d"]) > 0).to_numpy().astype(int)
    fit, apply = (blocks_of(spent.iloc[rows]) for rows in (slice(500), slice(500, None)))
    F_fit, F_apply = encode_signed_totals(fit, z[:500], apply, CONTEXT)
    assert F_fit.shape == (500, 7)
    np.testing.assert_allclose(F_apply[:, 4], spent["a"][500:] + spent["b"][500:])
    assert ((F_apply[:, 6] > 0) == z[500:]).all()


def test_a_value_that_stands_alone_does_not_lead_a_line() -> None:
    rng = np.random.default_rng(0)
    a = rng.normal(size=300)
    z = 2 * a
    far = a.copy()
    far[0] = 1e6
    fit, apply = blocks_of(pd.DataFrame({"a": far})), blocks_of(pd.DataFrame({"a": [1e6, 0.0]}))
    F_fit, F_apply = encode_onehot(fit, z, apply, CONTEXT)
    assert abs(F_fit.toarray()).max() <= 3
    assert abs(F_apply.toarray()).max() <= 3


def few_of_many() -> tuple[np.ndarray, np.ndarray]:
    return make_regression(300, 200, n_informative=5, noise=5, random_state=0)  # type: ignore[no-any-return]


def smooth() -> tuple[np.ndarray, np.ndarray]:
    return make_friedman1(400, noise=0.3, random_state=0)  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("make", "settle", "slot", "better_by"),
    [
        (few_of_many, settle_lasso, fit_predict_lasso, 2),
        (smooth, settle_kernel, fit_predict_kernel, 1.5),
    ],
    ids=["lasso", "kernel"],
)
def test_each_is_better_than_ridge_at_what_it_is_for(make: Slot, settle: Slot, slot: Slot, better_by: float) -> None:
    X, z = make()
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    fit, held = slice(200), slice(200, None)
    settled = settle(X[fit], z[fit], {}, CONTEXT, 20.0)
    found = slot(X[fit], z[fit], X[held], settled, CONTEXT)
    ridge = fit_predict_linear(X[fit], z[fit], X[held], {"strength": 1.0}, CONTEXT)
    assert found.shape == (len(z[held]), 1)
    error, of_ridge = (float(np.sqrt(np.mean((raw.ravel() - z[held]) ** 2))) for raw in (found, ridge))
    assert better_by * error < of_ridge


def test_settling_takes_the_first_choice_where_there_is_no_time() -> None:
    X, z = make_friedman1(100, random_state=0)
    assert settle_kernel(X, z, {}, CONTEXT, 0.0) == {"width": 0.3, "strength": 0.1}
    assert settle_lasso(X, z, {}, CONTEXT, 0.0) == {"strength": 0.003}


def test_classes_in_their_order_are_missed_by_little() -> None:
    X, y = make_friedman1(600, noise=0.5, random_state=0)
    z = np.digitize(y, np.quantile(y, [0.2, 0.4, 0.6, 0.8]))
    raw = fit_predict_ordinal(X[:400], z[:400], X[400:], {**PARAMS["ordinal"], "rate": 0.1, "rounds": 80}, CONTEXT)
    assert raw.shape == (200, 5)
    np.testing.assert_allclose(raw.sum(axis=1), 1)
    assert (raw > 0).all()
    missed = np.abs(raw.argmax(axis=1) - z[400:])
    assert (missed <= 1).mean() > 0.95
    assert (missed == 0).mean() > 0.5


@pytest.mark.parametrize("classes", [2, 3])
def test_words_tell_classes_apart(classes: int) -> None:
    rng = np.random.default_rng(0)
    z = np.arange(300) % classes
    F = rng.poisson(0.3, size=(300, 40)).astype(float)
    F[np.arange(300), z] += 2
    raw = fit_predict_texts(sparse.csr_matrix(F[:200]), z[:200], sparse.csr_matrix(F[200:]), PARAMS["texts"], CONTEXT)
    np.testing.assert_allclose(raw.sum(axis=1), 1)
    assert (raw.argmax(axis=1) == z[200:]).mean() > 0.9


def test_a_short_column_weighs_less_than_a_long_one() -> None:
    said = ["rain fell on the hills and the town all day long", "no rain fell on the hills nor the town at night"] * 3
    frame = pd.DataFrame({"place": ["hills", "town"] * 3, "said": said})
    context = {"columns": {"place": "text", "said": "text"}}
    both = prepare_text(frame, frame, context)["words"]
    short = prepare_text(frame, frame, {"columns": {"place": "text"}})["words"]
    weight = sparse.linalg.norm(both[:, : short.shape[1]], axis=1)
    assert sparse.linalg.norm(both[:, short.shape[1] :], axis=1) == pytest.approx(1, abs=1e-5)
    assert (weight < 0.5).all()
    assert (weight > 0).all()


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("forest%20fires", "forest fires"),
        ("this &amp; that", "this & that"),
        ("see https://t.co/AbC1 now", "see linkaddress now"),
        ("<b>bold</b> 3 < 4", "bold 3 < 4"),
        ("100% 😀", "100% 😀"),
    ],
)
def test_what_only_machines_read_goes(text: str, clean: str) -> None:
    assert clean_text(text).split() == clean.split()


def test_the_end_of_a_cycle_lies_beside_its_start() -> None:
    days = pd.Series(pd.date_range("2023-01-01", "2024-12-31", freq="7h").astype(str))
    parts = date_parts(days)
    for name, cycle in (("hour", 24), ("day of year", 365.25)):
        sine, cosine, value = parts[f"{name} sine"], parts[f"{name} cosine"], parts[name]
        low, high = value.idxmin(), value.idxmax()
        assert np.hypot(sine[low] - sine[high], cosine[low] - cosine[high]) < 0.3
        assert np.hypot(sine, cosine).to_numpy() == pytest.approx(1)
        assert value.max() < cycle + 1
