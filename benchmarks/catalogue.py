"""What solutions of the catalogue score on the held-out rows of a competition, alone and blended, and in what time.

    python -m benchmarks.catalogue DIR lightgbm linear "catboost encode=ordinal depth=4" kept/lightgbm.npy [--folds 1]

A solution is a recipe, followed by slots and parameters that differ; or a file of predictions that an earlier run
kept (`--keep FOLDER`), on the same folds. All runs in this process, on OMP_NUM_THREADS threads (1 if it is not set).
Scores are the verifier's, weights and decisions cross-fitted.
"""

from __future__ import annotations

import argparse
import importlib
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from mle_star_executor.recipes.main import Clock, Data, predict_member
from mle_star_orchestrator.intake.intake import take_in
from mle_star_verifier.scoring.fit import fit, honest
from mle_star_verifier.scoring.scorer import Scorer
from mle_star_verifier.scoring.uncertainty import standard_error

from mle_star.artifacts import ArtifactStore
from mle_star.harness.folds import held_out_rows
from mle_star.harness.tables import read_table
from mle_star.tasks.competition import Competition
from mle_star.tasks.recipes import SLOTS, resolve
from mle_star.tasks.strategy import Strategy

SLOT_PACKAGE = "mle_star_executor.recipes.slots"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("solutions", nargs="+", metavar="SOLUTION")
    parser.add_argument("--folds", type=int, help="only so many of the folds")
    parser.add_argument("--seconds", type=float, default=60, help="what each solution may plan with")
    parser.add_argument("--metric", help="where the folder does not tell")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where the held-out predictions are kept")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        store = ArtifactStore(Path(scratch))
        competition, _ = take_in(
            options.folder, name=options.folder.name, store=store, metric=options.metric, description=None,
            target=None, seed=0,
        )  # fmt: skip
        train, test = (
            read_table(store.path(competition.artifacts[name]))
            for name in (competition.files.train, competition.files.test)
        )
    context = {**competition.context(), "seed": 0}
    data = Data(train, test, held_out_rows(train, context)[: options.folds], {})
    rows = np.concatenate(data.held_out)
    scorer = Scorer(context, pd.DataFrame({t.name: train[t.name].iloc[rows] for t in competition.targets}))
    print(f"{competition.metric.name} on {len(rows)} held-out rows in {len(data.held_out)} folds")
    raws = []
    for solution in options.solutions:
        started = time.monotonic()
        raws.append(predictions(solution, data, competition, context, options.seconds))
        print_line(solution, scorer, raws[-1:], time.monotonic() - started)
        if options.keep and not solution.endswith(".npy"):
            options.keep.mkdir(parents=True, exist_ok=True)
            np.save(options.keep / f"{solution.replace(' ', '_')}.npy", raws[-1])
    if len(raws) > 1:
        weights = " ".join(f"{weight:.2f}" for weight in fit(scorer, raws, 0).weights)
        print_line(f"blend {weights}", scorer, raws, 0)


def predictions(
    solution: str, data: Data, competition: Competition, context: dict[str, Any], seconds: float
) -> np.ndarray:
    """Raw predictions of the held-out rows, fold after fold."""
    if solution.endswith(".npy"):
        return np.asarray(np.load(solution))
    slots, params = resolve(strategy_of(solution))
    member = {"slots": slots, "params": params, "settled": {}}
    data.blocks.clear()  # so that each solution's time holds all that it needs
    clock = Clock(seconds, len(data.held_out) * len(competition.targets))
    return predict_member(member, data, context, slot_functions(), clock)[0]


def strategy_of(solution: str) -> Strategy:
    recipe, *changes = solution.split()
    pairs = dict(change.split("=", 1) for change in changes)
    slots = {name: variant for name, variant in pairs.items() if name in SLOTS}
    params = {name: json.loads(value) for name, value in pairs.items() if name not in SLOTS}
    return Strategy(title=solution, recipe=recipe, slots=slots, params=params)


def slot_functions() -> dict[str, dict[str, Callable[..., Any]]]:
    """Slot to variant to function, of all the catalogue."""
    found: dict[str, dict[str, Callable[..., Any]]] = {}
    for file in sorted(Path(str(importlib.import_module(SLOT_PACKAGE).__file__)).parent.glob("*/[a-z]*.py")):
        slot, variant = file.parent.name, file.stem
        module = importlib.import_module(f"{SLOT_PACKAGE}.{slot}.{variant}")
        found.setdefault(slot, {})[variant] = getattr(module, f"{slot}_{variant}")
    return found


def print_line(title: str, scorer: Scorer, raws: list[np.ndarray], seconds: float) -> None:
    predicted = honest(scorer, raws, 0)
    score, error = scorer.score(predicted), standard_error(scorer, predicted, 0)
    print(f"{score:>9.4f} ±{error:.4f} {seconds:>7.1f} s  {title}", flush=True)


if __name__ == "__main__":
    main()
