"""Every generated competition by its name; `python -m tests.generated.competitions NAME ROWS FOLDER` lays one out."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from mle_star.harness.tables import write_table
from tests.generated import plain_tables, texts, times
from tests.generated.shape import Make, Shape

SHAPES: dict[str, Make] = {
    name: make
    for module in (texts, times, plain_tables)
    for name, make in vars(module).items()
    if not name.startswith("_") and getattr(make, "__module__", None) == module.__name__
}


def make_shape(name: str, rows: int, seed: int = 0) -> Shape:
    return SHAPES[name](np.random.default_rng(seed), rows)


if __name__ == "__main__":
    chosen, into = make_shape(sys.argv[1], int(sys.argv[2])), Path(sys.argv[3])
    chosen.lay_out(into / "public")
    write_table(chosen.truth, into / "truth.csv")
