"""Which training rows are held out: the same for intake, for the verifier and for a solution run by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from mle_star.harness.dates import read_dates


def usable_rows(train: pd.DataFrame, targets: list[dict[str, Any]]) -> np.ndarray:
    """Positions of the rows that have every target, in order."""
    known = np.ones(len(train), dtype=bool)
    for target in targets:
        known &= train[target["name"]].notna().to_numpy()
    return np.flatnonzero(known)


def held_out_rows(train: pd.DataFrame, context: dict[str, Any]) -> list[np.ndarray]:
    """Sorted positions of the held-out rows: one array a fold, over all repeats; within one, no two overlap."""
    split, rows = context["split"], usable_rows(train, context["targets"])
    folds: list[np.ndarray] = []
    for repeat in range(split["repeats"]):
        rng = np.random.default_rng([split["seed"], repeat])
        places = _fold_of_each(train.iloc[rows], split, context["targets"], rng)
        folds.extend(rows[places == fold] for fold in range(split["folds"]))
    return [fold for fold in folds if len(fold)]


def _fold_of_each(
    train: pd.DataFrame, split: dict[str, Any], targets: list[dict[str, Any]], rng: np.random.Generator
) -> np.ndarray:
    """The fold of each row, or -1 for one that is never held out."""
    kind = split["kind"]
    if kind == "forward":
        return _by_time(train, split)
    if kind in {"group", "block"}:
        return _by_key(_keys(train, split), split, rng, shuffle=kind == "group")
    order = rng.permutation(len(train))
    if kind == "stratified":
        labels = pd.factorize(train[targets[0]["name"]])[0]
        order = order[np.argsort(labels[order], kind="stable")]  # dealt in turn, each fold has its share of a class
    return _cut(order, split)


def _cut(order: np.ndarray, split: dict[str, Any]) -> np.ndarray:
    """Deals the ordered rows to the folds in turn, or holds every n-th out where there is but one fold."""
    places = np.empty(len(order), dtype=int)
    if split["folds"] == 1:
        every = np.floor((np.arange(len(order)) + 1) * split["share"]) > np.floor(
            np.arange(len(order)) * split["share"]
        )
        places[order] = np.where(every, 0, -1)
    else:
        places[order] = np.arange(len(order)) % split["folds"]
    return places


def _keys(train: pd.DataFrame, split: dict[str, Any]) -> pd.Series:
    keys = train[split["column"]]
    if split["separator"]:
        keys = keys.astype(str).str.rsplit(split["separator"], n=1).str[0]
    return keys


def _by_key(keys: pd.Series, split: dict[str, Any], rng: np.random.Generator, *, shuffle: bool) -> np.ndarray:
    """Rows of one key stay together; keys are dealt by size (group), or in their own order (block)."""
    codes, _ = pd.factorize(keys, sort=True)
    codes = np.where(codes < 0, codes.max() + 1 + np.arange(len(codes)), codes)
    codes = np.unique(codes, return_inverse=True)[1]
    sizes = np.bincount(codes)
    order = rng.permutation(len(sizes)) if shuffle else np.arange(len(sizes))
    folds = split["folds"]
    quota = len(codes) * split["share"] if folds == 1 else len(codes) / folds
    fold_of_key = np.full(len(sizes), -1 if folds == 1 else folds - 1)
    filled = 0
    for key in order if shuffle or folds > 1 else order[::-1]:
        fold = int(filled // quota)
        if fold >= folds:
            break
        fold_of_key[key] = fold
        filled += int(sizes[key])
    return np.asarray(fold_of_key[codes])


def _by_time(train: pd.DataFrame, split: dict[str, Any]) -> np.ndarray:
    """The last stretches of time: fold 0 is the latest. A fold is fitted on all that came before it."""
    time = train[split["column"]]
    if not pd.api.types.is_numeric_dtype(time):
        time = read_dates(time)
    ranks = time.rank(method="dense", pct=True).fillna(0).to_numpy()
    width = split["share"] if split["folds"] == 1 else min(split["share"], 1 / (split["folds"] + 1))
    places = np.floor((1 - ranks) / width + 1e-9).astype(int)
    return np.asarray(np.where(places < split["folds"], places, -1))


def fit_rows(train: pd.DataFrame, context: dict[str, Any], held_out: np.ndarray) -> np.ndarray:
    """Positions of the rows that a fold is fitted on: the usable ones not held out; only earlier ones in time."""
    rows = np.setdiff1d(usable_rows(train, context["targets"]), held_out)
    if context["split"]["kind"] != "forward":
        return rows
    time = train[context["split"]["column"]]
    if not pd.api.types.is_numeric_dtype(time):
        time = read_dates(time)
    earlier = (time < time.iloc[held_out].min()).to_numpy() | time.isna().to_numpy()
    return np.asarray(rows[earlier[rows]])
