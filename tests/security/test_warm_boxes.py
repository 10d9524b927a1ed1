"""Programs in forks of an interpreter that has imported the usual stack: sooner, and no less alone."""

from __future__ import annotations

import os
import signal
import threading

import pytest
from mle_star_sandbox.backends.bubblewrap import Bubblewrap

from mle_star.tasks.execution import Outcome
from tests.security.conftest import Boxes, wait_until

pytestmark = pytest.mark.parametrize("backend", ["bubblewrap, warm"], indirect=True)


def test_the_stack_is_there_already_and_works(boxes: Boxes) -> None:
    code = """
import os, sys
there = {"lightgbm", "pandas", "sklearn"} <= set(sys.modules)
import lightgbm, numpy, pandas
from joblib import Parallel, delayed
from sklearn.ensemble import RandomForestClassifier
X = pandas.DataFrame(numpy.random.rand(400, 4), columns=list("abcd"))
y = (X["a"] > 0.5).astype(int)
for model in (lightgbm.LGBMClassifier(n_estimators=20, n_jobs=2, verbose=-1), RandomForestClassifier(10, n_jobs=2)):
    assert model.fit(X, y).score(X, y) > 0.9
assert Parallel(n_jobs=2)(delayed(abs)(-n) for n in range(4)) == [0, 1, 2, 3]
X.to_parquet("working/x.parquet")
assert pandas.read_parquet("working/x.parquet").equals(X)
print(there, sys.argv[1], sys.path[0], os.getcwd(), __name__, os.environ["OMP_NUM_THREADS"])
"""
    execution = boxes.run(code, "--flag", cores=2)
    assert execution.outcome is Outcome.OK, execution.output
    assert execution.output.splitlines()[-1] == "True --flag /box /box __main__ 2"


def test_one_program_leaves_nothing_for_the_next(boxes: Boxes) -> None:
    code = """
import json, os, random, numpy, sys
assert not hasattr(json, "planted") and "PLANTED" not in os.environ and not os.path.exists("/tmp/planted")
json.planted = True
os.environ["PLANTED"] = "1"
open("/tmp/planted", "w").close()
print(random.random(), numpy.random.rand(), sorted(os.listdir("/proc/self/fd"))[:3])
"""
    first, second = boxes.run(code), boxes.run(code)
    assert (first.outcome, second.outcome) == (Outcome.OK, Outcome.OK), first.output + second.output
    drawn = [execution.output.split(" ", 2)[:2] for execution in (first, second)]
    assert drawn[0][0] != drawn[1][0]
    assert drawn[0][1] != drawn[1][1]


def test_it_holds_no_file_of_the_host(boxes: Boxes) -> None:
    code = """
import os
held = []
for number in range(4096):
    try:
        held.append(os.readlink(f"/proc/self/fd/{number}").split(":")[0])
    except OSError:
        pass
print(held)
"""
    execution = boxes.run(code)
    assert (execution.outcome, execution.output) == (Outcome.OK, "['/dev/null', 'pipe', 'pipe']\n"), execution.output


@pytest.mark.parametrize(
    ("code", "exit_code", "printed"),
    [
        ("import sys; sys.exit(3)", 3, ""),
        ("import sys; sys.exit('why')", 1, "why\n"),
        ("raise SystemExit", 0, ""),
        ("import os; os._exit(9)", 9, ""),
        ("import atexit; atexit.register(print, 'last')", 0, "last\n"),
        (
            "import threading, time; threading.Thread(target=lambda: (time.sleep(0.1), print('late'))).start()",
            0,
            "late\n",
        ),
    ],
)
def test_it_ends_as_an_interpreter_does(boxes: Boxes, code: str, exit_code: int, printed: str) -> None:
    execution = boxes.run(code)
    assert (execution.exit_code, execution.output) == (exit_code, printed)


def test_errors_are_told_from_the_programs_own_frames_on(boxes: Boxes) -> None:
    execution = boxes.run("def f():\n    return 1 / 0\nf()\n")
    assert execution.output.splitlines()[:2] == [
        "Traceback (most recent call last):",
        '  File "/box/solution.py", line 3, in <module>',
    ]
    assert "zygote" not in execution.output
    syntax = boxes.run("def f(:\n")
    assert syntax.traceback is not None
    assert syntax.traceback.splitlines()[-1].startswith("SyntaxError")


def test_where_the_zygote_is_dead_boxes_are_cold(boxes: Boxes) -> None:
    backend = boxes.backend
    assert isinstance(backend, Bubblewrap)
    assert backend.zygote is not None
    code = "import sys\nprint('pandas' in sys.modules)"
    assert boxes.run(code).output == "True\n"
    os.kill(backend.zygote.pid, signal.SIGKILL)
    wait_until(backend.zygote.was_killed)
    assert boxes.run(code).output == "False\n"
    backend.sweep()
    assert boxes.run(code).output == "True\n"


def test_many_at_once(boxes: Boxes) -> None:
    outputs: list[str] = []
    runs = [
        threading.Thread(
            target=lambda n=n: outputs.append(boxes.run(f"import sys; print({n}, 'pandas' in sys.modules)").output)
        )
        for n in range(6)
    ]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert sorted(outputs) == [f"{n} True\n" for n in range(6)]
