"""Every recipe on every small kind of data: it runs, and it beats the baseline."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from mle_star_executor.recipes.main import Clock, Data, predict_member
from mle_star_executor.recipes.parts.labels import target_values

from mle_star.artifacts import ArtifactStore
from mle_star.harness.folds import held_out_rows
from mle_star.harness.tables import read_table
from mle_star.tasks.competition import Competition, Layout
from mle_star.tasks.recipes import RECIPES, resolve
from mle_star.tasks.strategy import Strategy
from tests.fakes.made_competitions import make_competition

Table = tuple[pd.DataFrame, list[str], str, dict[str, Any]]
GOOD = ("marvellous", "lovely", "superb", "delightful")
BAD = ("dreadful", "awful", "horrid", "dismal")
PLAIN = ("the", "a", "train", "house", "river", "walk", "light", "stone", "paper", "green")


def words(rng: np.random.Generator, liked: bool) -> str:
    chosen = [*rng.choice(PLAIN, 6), *rng.choice(GOOD if liked else BAD, 2)]
    return " ".join(rng.permutation(chosen))


def binary(rng: np.random.Generator, n: int) -> Table:
    a, c = rng.normal(size=n), rng.choice(["x", "y", "z"], n)
    y = (a + (c == "x") + 0.3 * rng.normal(size=n)) > 0.4
    frame = pd.DataFrame({"a": a, "c": c, "noise": rng.normal(size=n), "y": y})
    frame.loc[rng.random(n) < 0.2, "a"] = np.nan
    return frame, ["y"], "accuracy", {}


def rare_class(rng: np.random.Generator, n: int) -> Table:
    a = rng.normal(size=n)
    y = np.where(a > 0.5, "high", np.where(a < -0.5, "low", "middle")).astype(object)
    y[:2] = "rare"  # fewer than there are folds: absent from what some fold is fitted on
    return pd.DataFrame({"a": a, "b": rng.normal(size=n), "y": y}), ["y"], "log_loss", {"layout": Layout.CLASSES}


def skewed_number(rng: np.random.Generator, n: int) -> Table:
    a, c = rng.normal(size=n), rng.choice(["Po", "Fa", "TA", "Gd", "Ex"], n)
    y = np.exp(5 + a + 0.3 * pd.Series(c).map({"Po": 0, "Fa": 1, "TA": 2, "Gd": 3, "Ex": 4}))
    return pd.DataFrame({"a": a, "c": c, "y": y}), ["y"], "rmse_log", {}


def grades(rng: np.random.Generator, n: int) -> Table:
    a, b = rng.normal(size=n), rng.normal(size=n)
    y = np.digitize(a + 0.5 * b + 0.3 * rng.normal(size=n), [-1, -0.3, 0.3, 1])
    return pd.DataFrame({"a": a, "b": b, "y": y}), ["y"], "quadratic_kappa", {}


def absolute(rng: np.random.Generator, n: int) -> Table:
    frame, targets, _, more = skewed_number(rng, n)
    return frame.assign(y=np.log(frame["y"]) - 5), targets, "mae", more


def several_targets(rng: np.random.Generator, n: int) -> Table:
    a, b = rng.normal(size=n), rng.normal(size=n)
    frame = pd.DataFrame({"a": a, "b": b, "one": 2 * a + b, "two": a - 3 * b, "kind": np.where(a > b, "p", "q")})
    return frame, ["one", "two", "kind"], "mean_column_rmse", {}


def text(rng: np.random.Generator, n: int) -> Table:
    liked = rng.random(n) < 0.5
    said = pd.Series([words(rng, like) for like in liked], dtype=object)
    said[5] = None
    frame = pd.DataFrame({"said": said, "also": [words(rng, like) for like in liked], "y": liked.astype(int)})
    return frame, ["y"], "f1", {"kinds": {"said": "text", "also": "text"}}


def lists(rng: np.random.Generator, n: int) -> Table:
    liked = rng.random(n) < 0.5
    items = [[*rng.choice(PLAIN, 3), str(rng.choice(GOOD if like else BAD))] for like in liked]
    frame = pd.DataFrame({"items": [str(row) if row[0] != "the" else None for row in items], "n": rng.normal(size=n)})
    return frame.assign(y=np.where(liked, "yes", "no")), ["y"], "auc", {"kinds": {"items": "list"}}


def dates(rng: np.random.Generator, n: int) -> Table:
    days = pd.Timestamp("2023-01-01") + pd.to_timedelta(rng.integers(0, 24 * 400, n), unit="h")
    y = 10 * np.sin(days.hour * np.pi / 12) + days.month + rng.normal(size=n)
    frame = pd.DataFrame(
        {"when": days.astype(str), "code": [f"{h}/{m}/S" for h, m in zip(days.hour, days.month, strict=True)]}
    )
    frame.loc[3, "when"] = "no date"
    return frame.assign(y=np.asarray(y)), ["y"], "rmse", {"kinds": {"when": "date"}}


def hostile_columns(rng: np.random.Generator, n: int) -> Table:
    a = rng.normal(size=n)
    frame = pd.DataFrame(
        {
            'a [x],{y}:"z"': a,
            "huge": np.where(rng.random(n) < 0.1, 1e308, rng.normal(size=n)),
            "endless": np.where(rng.random(n) < 0.1, np.inf, 1.0),
            "constant": 1,
            "nothing": np.nan,
            "mixed": [1 if v < -1 else "😀" if v < 0 else "" if v < 1 else None for v in rng.normal(size=n)],
            "y": a + 0.2 * rng.normal(size=n),
        }
    )
    return frame, ["y"], "r2", {"kinds": {"nothing": "empty", "mixed": "category"}}


KINDS: dict[str, Callable[[np.random.Generator, int], Table]] = {
    make.__name__: make
    for make in (
        binary, rare_class, grades, skewed_number, absolute, several_targets, text, lists, dates, hostile_columns,
    )
}  # fmt: skip


def competition_of(kind: str, folder: Path, ids: bool) -> Competition:
    frame, targets, metric, more = KINDS[kind](np.random.default_rng(0), 260)
    if ids:
        frame.insert(0, "id", np.arange(len(frame)))
    train, test = frame[:200].copy(), frame[200:].drop(columns=targets)
    if train[targets[0]].dtype == bool:
        train[targets[0]] = train[targets[0]].astype(object)
    train.loc[train.index[-1], targets[0]] = None  # a row whose target is missing is neither fitted nor held out
    store = ArtifactStore(folder / "store")
    return make_competition(store, folder, train, test, targets, metric, ids=("id",) if ids else (), folds=2, **more)


def slot_functions() -> dict[str, dict[str, Callable[..., Any]]]:
    folder = Path(str(importlib.import_module("mle_star_executor.recipes.slots").__file__)).parent
    found: dict[str, dict[str, Callable[..., Any]]] = {}
    for file in sorted(folder.glob("*/[a-z]*.py")):
        slot, variant = file.parent.name, file.stem
        module = importlib.import_module(f"mle_star_executor.recipes.slots.{slot}.{variant}")
        found.setdefault(slot, {})[variant] = getattr(module, f"{slot}_{variant}")
    return found


def predict(competition: Competition, folder: Path, strategy: Strategy) -> tuple[float, np.ndarray, np.ndarray]:
    """The loss of the held-out predictions (squared error of values or of indicators), and the raw predictions."""
    slots, params = resolve(strategy)
    params |= {"rate": 0.3} if "rate" in params else {}  # a fast one, as it is not the score that is tested
    context = {**competition.context(), "seed": 0}
    train, test = read_table(folder / competition.files.train), read_table(folder / competition.files.test)
    data = Data(train, test, held_out_rows(train, context), {})
    member = {"slots": slots, "params": params, "settled": {}}
    held_out, test_raw = predict_member(member, data, context, slot_functions(), Clock(4, 6))
    rows = np.concatenate(data.held_out)
    wanted = []
    for target in context["targets"]:
        y = target_values(train[target["name"]].iloc[rows], target)
        wanted.append(y.reshape(-1, 1) if target["classes"] is None else np.eye(len(target["classes"]))[y])
    right = np.hstack(wanted)
    if competition.metric.name == "rmse_log":
        return float(np.mean((np.log(held_out) - np.log(right)) ** 2)), held_out, test_raw
    return float(np.mean(((held_out - right) / np.maximum(right.std(axis=0), 1e-9)) ** 2)), held_out, test_raw


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_every_recipe_that_fits_beats_the_baseline(kind: str, tmp_path: Path) -> None:
    competition = competition_of(kind, tmp_path, ids=kind != "binary")
    columns = len(competition.raw_columns())
    worst, raw, raw_test = predict(competition, tmp_path, Strategy(title="", recipe="baseline"))
    assert raw.shape == (199, columns)
    assert raw_test.shape == (60, columns)
    for recipe in RECIPES.values():
        if recipe.name == "baseline" or not recipe.fits(competition):
            continue
        loss, raw, raw_test = predict(competition, tmp_path, Strategy(title="", recipe=recipe.name))
        assert raw.shape == (199, columns), recipe.name
        assert raw_test.shape == (60, columns), recipe.name
        assert np.isfinite(raw).all(), recipe.name
        assert np.isfinite(raw_test).all(), recipe.name
        assert loss < 0.9 * worst, recipe.name


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_the_baseline_needs_next_to_nothing(rows: int, tmp_path: Path) -> None:
    train = pd.DataFrame({"a": [1.0] * rows, "y": ["p", "q", "p"][:rows], "z": [0.5, 1.0, 2.0][:rows]})
    competition = make_competition(
        ArtifactStore(tmp_path / "store"), tmp_path, train, train[:1][["a"]], ["y", "z"], "mae"
    )
    _, raw, raw_test = predict(competition, tmp_path, Strategy(title="", recipe="baseline"))
    assert len(raw) == rows
    assert np.isfinite(raw_test).all()


@pytest.mark.parametrize("kind", ["text", "dates"])
def test_every_swap_runs_and_beats_the_baseline(kind: str, tmp_path: Path) -> None:
    competition = competition_of(kind, tmp_path, ids=True)
    worst, *_ = predict(competition, tmp_path, Strategy(title="", recipe="baseline"))
    for recipe in RECIPES.values():
        for slot, variants in recipe.swaps.items():
            for variant in variants if recipe.fits(competition) else []:
                strategy = Strategy(title="", recipe=recipe.name, slots={slot: variant})
                loss, *_ = predict(competition, tmp_path, strategy)
                assert loss < 0.95 * worst, strategy


def test_a_class_that_no_fit_row_has_gets_no_probability(tmp_path: Path) -> None:
    competition = competition_of("rare_class", tmp_path, ids=True)
    once = read_table(tmp_path / "train.csv")
    once.loc[1, "y"] = "middle"  # now one row has the rare class: its own fold never fits it
    once.to_csv(tmp_path / "train.csv", index=False)
    rows = np.concatenate(held_out_rows(once, competition.context()))
    for recipe in ("baseline", "linear", "lightgbm", "catboost", "forest"):
        _, held_out, _ = predict(competition, tmp_path, Strategy(title="", recipe=recipe))
        place = competition.raw_columns().index("y=rare")
        assert held_out[rows == 0, place] == 0
        np.testing.assert_allclose(held_out.sum(axis=1), 1, atol=1e-6)


@pytest.mark.parametrize(
    ("recipe", "slots"),
    [
        ("lightgbm", {}),
        ("lightgbm", {"encode": "target_statistics"}),
        ("lightgbm", {"encode": "signed_totals"}),
        ("linear", {}),
        ("catboost", {}),
        ("forest", {}),
    ],
)
def test_held_out_labels_change_no_prediction(recipe: str, slots: dict[str, str], tmp_path: Path) -> None:
    competition = competition_of("binary", tmp_path, ids=True)
    train, test = read_table(tmp_path / "train.csv"), read_table(tmp_path / "test.csv")
    held = held_out_rows(train, competition.context())[0]
    flipped = train.copy()
    flipped.loc[held, "y"] = ~flipped.loc[held, "y"].astype(bool)
    chosen, params = resolve(Strategy(title="", recipe=recipe, slots=slots))
    frozen = {"y": {"rounds": 20, "strength": 1.0, "rate": 0.1}}
    context = {**competition.context(), "seed": 0}
    raws = [
        predict_member(
            {"slots": chosen, "params": params, "settled": frozen},
            Data(rows, test, [held], {}), context, slot_functions(), Clock(20, 1),
        )
        for rows in (train, flipped)
    ]  # fmt: skip
    for one, other in zip(*raws, strict=True):
        np.testing.assert_array_equal(one, other)
