"""main: folds, fits, blend, decision, submission."""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mle_star.harness.blend import blend
from mle_star.harness.decide import decide
from mle_star.harness.folds import fit_rows, held_out_rows
from mle_star.harness.render import render
from mle_star.harness.spans import span_marks
from mle_star.harness.tables import read_table, write_table
from mle_star_executor.recipes.parts.blocks import Blocks, take
from mle_star_executor.recipes.parts.labels import target_values

FORMS = (".tsv", ".jsonl", ".ndjson", ".json", ".parquet")
Slots = dict[str, dict[str, Callable[..., Any]]]
"""Slot to variant to function."""


@dataclass
class Data:
    """The tables, the held-out positions of each fold, and the blocks of each variant of `prepare`."""

    train: pd.DataFrame
    test: pd.DataFrame
    held_out: list[np.ndarray]
    blocks: dict[str, Blocks]

    @property
    def test_rows(self) -> np.ndarray:
        """Positions in the blocks, where the test rows follow the training rows."""
        return np.arange(len(self.train), len(self.train) + len(self.test))


class Clock:
    """Shares what is left of `seconds` among the fits that are still to come."""

    def __init__(self, seconds: float, fits: int) -> None:
        self.ends = time.monotonic() + seconds
        self.fits = fits

    def share(self, spent_beside: float) -> float:
        """The seconds of one fit, where another takes its parameters' settling and each has `spent_beside` more."""
        return max(0.5, (self.ends - time.monotonic()) / (self.fits + 2) - spent_beside)


def main(context: dict[str, Any], members: list[dict[str, Any]], decision: dict[str, Any], slots: Slots) -> None:
    """Reads the competition in `./input`, or here if there is none; writes the submission into `./working`."""
    options = _options()
    source = Path("input") if Path("input").is_dir() else Path()
    working = Path("working")
    working.mkdir(exist_ok=True)
    train, test, sample = (read_table(source / context["files"][name]) for name in ("train", "test", "sample"))
    data = Data(train, test, held_out_rows(train, context), {})
    clock = Clock(options.seconds, len(members) * len(data.held_out) * max(1, len(context["targets"])))
    raws = [predict_member(member, data, context, slots, clock) for member in members]
    weights = [member["weight"] for member in members]
    raw_held_out, raw_test = (blend([pair[part] for pair in raws], weights) for part in (0, 1))
    if context["submission"]["layout"] == "unknown":
        answers = pd.DataFrame(index=range(len(test)))
    else:
        answers = decide(raw_test, context, decision)
    write_table(render(answers, test, sample, context), working / submission_name(context["files"]["sample"]))
    names = raw_names(context["targets"])
    write_table(pd.DataFrame(raw_test, columns=names), working / "raw.parquet")
    if options.keep_folds:
        where = {
            "row": np.concatenate([*data.held_out, np.empty(0, dtype=int)]).astype("int64"),
            "fold": np.repeat(np.arange(len(data.held_out)), [len(rows) for rows in data.held_out]),
        }
        held_out = pd.concat([pd.DataFrame(where), pd.DataFrame(raw_held_out, columns=names)], axis=1)
        write_table(held_out, working / "held_out.parquet")
        write_table(pd.DataFrame(raw_test, columns=names), working / "test.parquet")
        (working / "settled.json").write_text(json.dumps(members[0]["settled"]), encoding="utf-8")


def predict_member(
    member: dict[str, Any], data: Data, context: dict[str, Any], slots: Slots, clock: Clock
) -> tuple[np.ndarray, np.ndarray]:
    """Raw predictions of one member: of the held-out rows, fold after fold, and of the test rows, the folds' mean."""
    blocks: Blocks = {}
    for variant in member["slots"]["prepare"].split("+"):
        if variant not in data.blocks:
            data.blocks[variant] = slots["prepare"][variant](data.train, data.test, context)
        blocks.update(data.blocks[variant])
    held_out, test = [], []
    for held in data.held_out:
        fit = fit_rows(data.train, context, held)
        apply = np.concatenate([held, data.test_rows])
        raws = [np.empty((len(apply), 0))]
        for target in context["targets"]:
            y = _known(data.train.iloc[fit], target, context)
            own = {**context, "target": target}
            raws.append(predict_target(y, take(blocks, fit), take(blocks, apply), member, own, slots, clock))
        raw = np.hstack(raws)
        held_out.append(raw[: len(held)])
        test.append(raw[len(held) :])
    return np.vstack(held_out), np.mean(test, axis=0)


def predict_target(
    y: np.ndarray,
    blocks_fit: Blocks,
    blocks_apply: Blocks,
    member: dict[str, Any],
    context: dict[str, Any],
    slots: Slots,
    clock: Clock,
) -> np.ndarray:
    """Raw predictions of one target, (n_apply, k), by one fit. What `settle` finds the first time stays."""
    chosen, target = member["slots"], context["target"]
    n_apply = len(blocks_apply["number"])
    started = time.monotonic()
    if not len(y):  # a fold that leaves no row to fit
        classes = target.get("words") or len(target["classes"] or [0.0])
        return np.full((n_apply, classes), 1 / classes if target["classes"] else 0.0)
    if target["classes"] is None:
        z, inverse = slots["target"][chosen["target"]](y, context)
    else:
        present, z = np.unique(y, return_inverse=True)
        inverse = _spread(present, len(target["classes"]))
        if len(present) == 1:
            return inverse(np.ones((n_apply, 1)))
    F_fit, F_apply = slots["encode"][chosen["encode"]](blocks_fit, z, blocks_apply, context)
    settled = member["settled"]
    if (settle := slots["settle"].get(chosen["fit_predict"])) and target["name"] not in settled:
        seconds = clock.share(time.monotonic() - started)
        settled[target["name"]] = settle(F_fit, z, member["params"], context, seconds)
    params = {**member["params"], **settled.get(target["name"], {})}
    raw = slots["fit_predict"][chosen["fit_predict"]](F_fit, z, F_apply, params, context)
    clock.fits -= 1
    return np.asarray(inverse(raw))


def _known(rows: pd.DataFrame, target: dict[str, Any], context: dict[str, Any]) -> np.ndarray:
    """The targets of training rows: codes or numbers (n,), or marks (n, words)."""
    if target.get("words"):
        return span_marks(rows[context["submission"]["text"]], rows[target["name"]])
    return target_values(rows[target["name"]], target)


def _spread(present: np.ndarray, classes: int) -> Callable[[np.ndarray], np.ndarray]:
    """Puts the columns of the classes that were there to fit among zeros for those that were not."""

    def inverse(raw: np.ndarray) -> np.ndarray:
        whole = np.zeros((len(raw), classes))
        whole[:, present] = raw
        return whole

    return inverse


def raw_names(targets: list[dict[str, Any]]) -> list[str]:
    """The raw columns: a target's name, `target=class` for each class, or `target@place` for each word."""
    names = []
    for target in targets:
        labels = target["classes"]
        if words := target.get("words"):
            names += [f"{target['name']}@{place}" for place in range(words)]
        else:
            names += [target["name"]] if labels is None else [f"{target['name']}={label}" for label in labels]
    return names


def submission_name(sample: str) -> str:
    """`submission` with the sample's form, unpacked."""
    return "submission" + next((form for form in FORMS if form in sample.lower()), ".csv")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Makes ./working/submission from the competition in ./input or here.")
    parser.add_argument("--keep-folds", action="store_true", help="also write the held-out rows' predictions")
    parser.add_argument("--seconds", type=float, default=math.inf, help="the time that settling may plan with")
    return parser.parse_args()
