"""What a box costs: bare `python solution.py` beside every backend, cold and warm, interleaved, in one table.

    python -m benchmarks.sandbox [--rounds 7]

`first line` is from the request to the program's first line with the usual stack imported; `whole` is to the result.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from mle_star_sandbox.backends.base import Backend
from mle_star_sandbox.backends.bubblewrap import Bubblewrap
from mle_star_sandbox.backends.docker import Docker
from mle_star_sandbox.backends.subprocess import Subprocess
from mle_star_sandbox.executions import run_in_box
from mle_star_sandbox.folders import Folders

from mle_star.artifacts import ArtifactStore
from mle_star.service.errors import UnavailableError
from mle_star.tasks.execution import ExecutionRequest, Limits, Outcome

EMPTY = "import time\nprint(time.time())\n"
STACK = "import lightgbm, numpy, pandas, sklearn.linear_model, sklearn.model_selection\n" + EMPTY
FIVE_FOLDS = (
    STACK
    + """
from sklearn.model_selection import cross_val_score
frame = pandas.read_csv("input/train.csv")
model = lightgbm.LGBMClassifier(n_estimators=60, n_jobs=1, verbose=-1)
print(cross_val_score(model, frame.drop(columns="y"), frame["y"], cv=5).mean())
"""
)
PROGRAMS = {"nothing": EMPTY, "imports": STACK, "LightGBM, five folds": FIVE_FOLDS}


class Took(NamedTuple):
    first_line: float
    whole: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        home.chmod(0o755)
        table = _table(home / "train.csv")
        store, folders = ArtifactStore(home / "artifacts"), Folders(home / "boxes", lambda _: None)
        ways: dict[str, Callable[[str], Took]] = {"bare python": lambda code: _bare(home, code, table)}
        backends = _backends(home)
        for name, backend in backends.items():
            ways[name] = lambda code, backend=backend: _boxed(backend, store, folders, code, table)  # type: ignore[misc]
        took: dict[tuple[str, str], list[Took]] = {}
        for _ in range(rounds):
            for program, code in PROGRAMS.items():
                for way, run in ways.items():
                    took.setdefault((program, way), []).append(run(code))
        for backend in backends.values():
            backend.close()
        folders.close()
    _print(took)


def _table(path: Path) -> Path:
    """Some 900 rows of numbers and gaps, as many as the best-known beginners' competition has."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(891, 9)), columns=list("abcdefghi"))
    frame["y"] = (frame["a"] * frame["b"] + frame["c"] > 0).astype(int)
    frame.loc[rng.random(891) < 0.2, "d"] = None
    frame.to_csv(path, index=False)
    return path


def _backends(hidden: Path) -> dict[str, Backend]:
    """Those that can be made here."""
    makers: dict[str, Callable[[], Backend]] = {
        "subprocess": Subprocess,
        "bubblewrap": lambda: Bubblewrap([hidden]),
        "bubblewrap, warm": lambda: _warm(hidden),
        "docker": Docker,
    }
    made: dict[str, Backend] = {}
    for name, make in makers.items():
        try:
            made[name] = make()
        except UnavailableError as error:
            print(f"{name} is left out: {error.detail}", file=sys.stderr)
    return made


def _warm(hidden: Path) -> Bubblewrap:
    backend = Bubblewrap([hidden])
    backend.warm_up()
    assert backend.zygote is not None
    backend.zygote.wait_until_ready()
    return backend


def _bare(home: Path, code: str, table: Path) -> Took:
    with tempfile.TemporaryDirectory(dir=home) as folder:
        (Path(folder) / "solution.py").write_text(code)
        (Path(folder) / "input").mkdir()
        (Path(folder) / "input/train.csv").write_bytes(table.read_bytes())
        begun = time.time()
        done = subprocess.run([sys.executable, "solution.py"], cwd=folder, capture_output=True, text=True, check=True)
        return Took(float(done.stdout.split()[0]) - begun, time.time() - begun)


def _boxed(backend: Backend, store: ArtifactStore, folders: Folders, code: str, table: Path) -> Took:
    never, end = os.pipe()
    begun = time.time()
    request = ExecutionRequest(
        program=store.put_bytes("solution.py", code.encode()),
        files={"train.csv": store.put_file(table, "train.csv")},
        limits=Limits(),
    )
    execution = run_in_box(backend, store, folders, request, never)
    whole = time.time() - begun
    os.close(never)
    os.close(end)
    assert execution.outcome is Outcome.OK, execution.output
    return Took(float(execution.output.split()[0]) - begun, whole)


def _print(took: dict[tuple[str, str], list[Took]]) -> None:
    print(f"{'program':<22}{'way':<20}{'first line':>12}{'whole':>10}{'of bare':>10}")
    for (program, way), times in took.items():
        first = statistics.median(one.first_line for one in times)
        whole = statistics.median(one.whole for one in times)
        bare = statistics.median(one.whole for one in took[program, "bare python"])
        print(f"{program:<22}{way:<20}{first * 1000:>9.0f} ms{whole:>8.2f} s{whole / bare:>9.2f}x")


if __name__ == "__main__":
    main()
