"""Rendered solutions: one file that stands alone."""

from __future__ import annotations

import ast
import itertools
import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from mle_star_executor.recipes.main import raw_names
from mle_star_executor.render_solution import render_solution
from sklearn.datasets import load_iris, make_regression

from mle_star.artifacts import ArtifactStore
from mle_star.tasks.attempt import Member
from mle_star.tasks.competition import Competition, Layout
from mle_star.tasks.recipes import PARAMS, RECIPES, SLOTS, TUNINGS, UnknownRecipeError, resolve
from mle_star.tasks.strategy import Strategy
from tests.fakes.made_competitions import make_competition
from tests.fakes.sandbox import run_program


def member(recipe: str, weight: float = 1.0, **more: dict[str, object]) -> Member:
    return Member(strategy=Strategy(title=f"{recipe}: 'quoted'\n# % {{x}}", recipe=recipe, **more), weight=weight)


def quick(recipe: str) -> Member:
    return member(recipe, params={} if recipe == "linear" else {"rate": 0.3})


def all_members() -> list[Member]:
    """Every recipe as it is, and with each swap and each tuning."""
    members = []
    for recipe in RECIPES.values():
        members.append(member(recipe.name))
        members += [
            member(recipe.name, slots={slot: variant}) for slot, each in recipe.swaps.items() for variant in each
        ]
        members += [member(recipe.name, params=params) for params in TUNINGS.get(recipe.slots["fit_predict"], [])]
    return members


@pytest.fixture
def flowers(tmp_path: Path) -> Competition:
    frame = load_iris(as_frame=True).frame.rename(columns={"target": "kind"})
    frame["kind"] = frame["kind"].map({0: "setosa", 1: "versicolor", 2: "virginica"})
    frame = frame.sample(frac=1, random_state=0).reset_index(drop=True)
    frame.insert(0, "id", frame.index + 1)
    folder = tmp_path / "input"
    folder.mkdir()
    train, test = frame[:110], frame[110:].drop(columns="kind")
    store = ArtifactStore(tmp_path / "store")
    return make_competition(store, folder, train, test, ["kind"], "accuracy", ids=("id",))


def test_every_recipe_renders_to_python_of_its_own(flowers: Competition) -> None:
    for name in RECIPES:
        each = member(name)
        tree = ast.parse(source := render_solution(flowers, [each], {}, 0))
        assert "mle_star" not in source, each
        defined = [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
        assert len(set(defined)) == len(defined), each
        compile(source, "solution.py", "exec")


def test_all_the_catalogue_in_one_file_has_no_clashes(flowers: Competition) -> None:
    source = render_solution(flowers, all_members(), {}, 0)
    body = ast.parse(source).body
    names = [node.name for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    names += [target.id for node in body if isinstance(node, ast.Assign) for target in node.targets]  # type: ignore[attr-defined]
    assert len(set(names)) == len(names)
    checked = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "F", "--quiet", "-"],
        input=source, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout


def test_rendering_is_deterministic(flowers: Competition) -> None:
    members = [member("lightgbm", 0.7), member("linear", 0.3)]
    assert render_solution(flowers, members, {"threshold": 0.4}, 7) == render_solution(
        flowers, members, {"threshold": 0.4}, 7
    )


def test_only_what_is_used_is_imported(flowers: Competition) -> None:
    baseline = render_solution(flowers, [member("baseline")], {}, 0)
    for heavy in ("sklearn", "lightgbm", "catboost", "scipy"):
        assert heavy not in baseline
    assert "import lightgbm" in render_solution(flowers, [member("lightgbm")], {}, 0)


def test_every_slot_of_the_index_is_a_known_one() -> None:
    for recipe in RECIPES.values():
        assert tuple(recipe.slots) == SLOTS
        assert set(recipe.swaps) <= set(SLOTS)
    assert set(TUNINGS) <= set(PARAMS)


@pytest.mark.parametrize(
    ("strategy", "named"),
    [
        ({"recipe": "alchemy"}, "lightgbm"),
        ({"recipe": "linear", "slots": {"fit_predict": "catboost"}}, "linear"),
        ({"recipe": "linear", "slots": {"colour": "red"}}, "no such slot"),
        ({"recipe": "linear", "params": {"leaves": 3}}, "strength"),
        ({"recipe": "linear", "slots": {"encode": "../../x"}}, "onehot"),
    ],
)
def test_a_strategy_outside_the_index_is_refused_and_the_choices_named(strategy: dict[str, object], named: str) -> None:
    with pytest.raises(UnknownRecipeError, match=named):
        resolve(Strategy(title="?", **strategy))


def test_raw_columns_are_those_of_the_contract(flowers: Competition) -> None:
    assert raw_names(flowers.context()["targets"]) == flowers.raw_columns()


def test_a_solution_with_what_was_settled_repeats_the_kept_run_byte_for_byte(
    flowers: Competition, tmp_path: Path
) -> None:
    kept = [tmp_path / recipe for recipe in ("lightgbm", "linear")]
    members = []
    for folder in kept:
        folder.mkdir()
        (folder / "input").symlink_to(tmp_path / "input")
        (folder / "solution.py").write_text(render_solution(flowers, [quick(folder.name)], {}, 3))
        code, output = run_program(folder, "--keep-folds", "--seconds", "20")
        assert code == 0, output
        settled = json.loads((folder / "working/settled.json").read_text())
        assert list(settled) == ["kind"]
        alone = quick(folder.name).model_copy(update={"settled": settled})
        members.append(alone)
        # by hand, in the competition's own folder
        source = render_solution(flowers, [alone], {}, 3)
        assert str(settled["kind"]) in source
        here = tmp_path / "input"
        (here / "solution.py").write_text(source)
        code, output = run_program(here)
        assert code == 0, output
        for name in ("submission.csv", "raw.parquet"):
            assert (here / "working" / name).read_bytes() == (folder / "working" / name).read_bytes()
        assert not (here / "working/held_out.parquet").exists()
    blend = tmp_path / "input"
    weights = [0.7, 0.3]
    weighed = [m.model_copy(update={"weight": w}) for m, w in zip(members, weights, strict=True)]
    (blend / "solution.py").write_text(render_solution(flowers, weighed, {}, 3))
    code, output = run_program(blend)
    assert code == 0, output
    raws = [pd.read_parquet(folder / "working/raw.parquet") for folder in kept]
    expected = sum(w * raw for w, raw in zip(weights, raws, strict=True))
    pd.testing.assert_frame_equal(pd.read_parquet(blend / "working/raw.parquet"), expected)
    submission = pd.read_csv(blend / "working/submission.csv")
    assert list(submission["id"]) == list(range(111, 151))
    assert set(submission["kind"]) <= {"setosa", "versicolor", "virginica"}


@pytest.mark.parametrize("form", ["tsv", "json", "jsonl", "parquet"])
def test_the_submission_has_the_form_of_the_sample(tmp_path: Path, form: str) -> None:
    X, y = make_regression(60, 3, random_state=0)
    frame = pd.DataFrame(X, columns=["a", "b", "c"]).assign(y=y)
    (tmp_path / "input").mkdir()
    competition = make_competition(
        ArtifactStore(tmp_path / "store"), tmp_path / "input", frame[:40], frame[40:][["a", "b", "c"]], ["y"], "rmse",
        form=form,
    )  # fmt: skip
    (tmp_path / "solution.py").write_text(render_solution(competition, [member("baseline")], {}, 0))
    code, output = run_program(tmp_path)
    assert code == 0, output
    assert (tmp_path / f"working/submission.{form}").stat().st_size > 0


def test_an_unknown_layout_gives_the_sample_back(tmp_path: Path) -> None:
    (tmp_path / "input").mkdir()
    train = pd.DataFrame({"a": range(20), "b": list("ab") * 10})
    competition = make_competition(
        ArtifactStore(tmp_path / "store"), tmp_path / "input", train, train[:5][["a"]], ["b"], "accuracy",
        ids=("a",), layout=Layout.UNKNOWN, split={"kind": "random"},
    )  # fmt: skip
    for targets in (competition.targets, []):
        unknown = competition.model_copy(update={"targets": targets})
        (tmp_path / "solution.py").write_text(render_solution(unknown, [member("baseline")], {}, 0))
        code, output = run_program(tmp_path, "--keep-folds")
        assert code == 0, output
        assert (tmp_path / "working/submission.csv").read_text() == (
            tmp_path / "input/sample_submission.csv"
        ).read_text()


def test_no_two_recipes_are_the_same_solution() -> None:
    for one, other in itertools.combinations(RECIPES.values(), 2):
        assert one.slots != other.slots
