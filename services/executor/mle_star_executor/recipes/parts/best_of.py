"""The choice of parameters that does best on inner holdouts, of those that there is time to try."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np


def best_of(
    choices: Iterable[Any],
    loss: Callable[[np.ndarray, np.ndarray, Any], float],
    folds: list[tuple[np.ndarray, np.ndarray]],
    seconds: float,
) -> Any:
    """`loss` takes rows to fit, rows to hold out and a choice; choices are tried in order, the first always."""
    ends = time.monotonic() + seconds
    losses: dict[Any, float] = {}
    for choice in choices:
        started = time.monotonic()
        losses[choice] = float(np.mean([loss(fit, held, choice) for fit, held in folds]))
        if time.monotonic() + 2 * (time.monotonic() - started) > ends:
            break
    return min(losses, key=lambda choice: losses[choice])
