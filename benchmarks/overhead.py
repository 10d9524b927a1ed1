"""What the harness costs beside the programs that it runs.

    python -m benchmarks.overhead titanic=DIR house-prices=DIR [--minutes 1]

Each folder is solved twice by `mle-star run` in a fresh home: once with the stack to start (cold), once with it
running (warm). The ratio is the wall time of the task over the summed wall time of the programs on its critical path:
from the last program to end, back to the one whose end let it begin, and so on to the baseline.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

COMMAND = str(Path(sys.executable).with_name("mle-star"))


@dataclass(frozen=True)
class Program:
    """One execution; times are seconds since the epoch."""

    began: float
    ended: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", metavar="NAME=DIR")
    parser.add_argument("--minutes", type=float, default=1)
    options = parser.parse_args()
    print(
        f"{'case':<16}{'stack':<7}{'task s':>8}{'programs s':>12}{'ratio':>7}{'first valid s':>15}{'to program s':>14}"
    )
    for given in options.folders:
        name, _, folder = given.partition("=")
        with tempfile.TemporaryDirectory(prefix="overhead-") as home:
            try:
                for stack in ("cold", "warm"):
                    print(f"{name:<16}{stack:<7}{measure(name, Path(folder), Path(home), options.minutes)}", flush=True)
            finally:
                end_stack(Path(home))


def measure(name: str, folder: Path, home: Path, minutes: float) -> str:
    """The figures of one run, as the end of a table's line."""
    environment = {**os.environ, "MLE_STAR_HOME": str(home)}
    asked = time.time()
    command = [COMMAND, "run", name, "--data-dir", str(folder.absolute()), "--minutes", str(minutes), "--json"]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    result = json.loads(ran.stdout)
    journal = [json.loads(line) for line in Path(result["result"]["journal"]).read_text().splitlines()]
    when = {(line["event"], line["id"]): datetime.fromisoformat(line["at"]).timestamp() for line in reversed(journal)}
    accepted, ended = when["accepted", ""], when["succeeded", ""]
    first_valid = when["done", "baseline"]
    programs = executions(home / "logs" / "stack.log", result["task_id"])
    path = critical_path(programs, ended)
    summed = sum(program.ended - program.began for program in path)
    to_program = min(program.began for program in programs) - asked
    return (
        f"{ended - accepted:>8.2f}{summed:>12.2f}{(ended - accepted) / summed:>7.2f}"
        f"{first_valid - accepted:>15.2f}{to_program:>14.2f}"
    )


def executions(log: Path, task_id: str) -> list[Program]:
    """The executions of a task that the sandbox logged."""
    began: dict[str, float] = {}
    programs = []
    for line in log.read_text().splitlines():
        entry: dict[str, Any] = json.loads(line)
        if entry.get("task") != task_id:
            continue
        if entry.get("event") == "execution_started":
            began[entry["id"]] = datetime.fromisoformat(entry["timestamp"]).timestamp()
        elif entry.get("event") == "execution_ended":
            ended = datetime.fromisoformat(entry["timestamp"]).timestamp()
            programs.append(Program(began.pop(entry["id"]), ended))
    return programs


def critical_path(programs: list[Program], end: float) -> list[Program]:
    """Backwards in time: of the programs that had ended by then, the last to end."""
    path: list[Program] = []
    while before := [program for program in programs if program.ended <= end]:
        last = max(before, key=lambda program: program.ended)
        path.append(last)
        end = last.began
    return path[::-1]


def end_stack(home: Path) -> None:
    """The stack that the runs started would stay for a minute."""
    state = home / "stack.json"
    if state.is_file():
        pid = json.loads(state.read_text())["pid"]
        os.kill(pid, signal.SIGTERM)
        while Path(f"/proc/{pid}").exists():
            time.sleep(0.1)


if __name__ == "__main__":
    main()
