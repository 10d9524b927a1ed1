"""A stack whose children are tiny scripts: `python -m tests.fakes.stack HOME SCENE [--linger S] [--may-move]`.

Each child notes in HOME/ended when it is asked to end. Each worker has a horse that leaves the process group and
ignores SIGTERM, as rq's does when it is busy.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from mle_star.api.errors import StackError
from mle_star.config import Settings
from mle_star.embedded.redis_server import RedisServer, answers_ping
from mle_star.embedded.stack import run_stack
from mle_star.embedded.supervisor import Child

STUBBORN_HORSE = "import os, signal, time; os.setpgrp(); signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
POLITE = """
import signal, subprocess, sys, time
name, note, horse = sys.argv[1:4]
def end(*_):
    open(note, "a").write(name + "\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
if horse:
    subprocess.Popen([sys.executable, "-S", "-c", horse, *sys.argv[4:]])
open(note + "." + name + "-is-up", "w").close()
print(name, "runs", flush=True)
time.sleep(600)
"""
CRASHES = "import sys; print('this child always crashes'); sys.exit(7)"
CRASHES_ONCE = (
    """
import pathlib, sys
seen = pathlib.Path(sys.argv[1])
if not seen.exists():
    seen.touch()
    sys.exit(7)
sys.argv[1:] = sys.argv[2:]
"""
    + POLITE
)


def stages(scene: str, settings: Settings, redis: RedisServer, sockets: Path) -> list[list[Child]]:
    home = settings.home
    note = str(home / "ended")
    mark = f"--home={home}"  # lets a test find every process of this stack
    environment = dict(os.environ)

    def polite(name: str, horse: str = "") -> Child:
        async def is_up() -> bool:
            return Path(f"{note}.{name}-is-up").exists()

        command = (sys.executable, "-S", "-c", POLITE, name, note, horse, mark)
        return Child(name, command, environment, ready=is_up, stop_seconds=2)

    last = [polite("worker", STUBBORN_HORSE)]
    if scene == "crash-loop":
        last.append(Child("broken", (sys.executable, "-S", "-c", CRASHES, mark), environment))
    if scene == "crash-once":
        seen = str(home / "crashed-once")
        last.append(
            Child("shaky", (sys.executable, "-S", "-c", CRASHES_ONCE, seen, "shaky", note, "", mark), environment)
        )
    if scene == "orchestrator":
        command = (sys.executable, "-m", "tests.fakes.orchestrator", settings.bind, "--note", note)
        here = environment | {"PYTHONPATH": str(Path(__file__).parents[2])}
        last.append(Child("orchestrator", command, here))
    if scene == "redis":
        socket = sockets / "redis.sock"
        command = redis.command(home / "redis", socket)
        return [[Child("redis", command, environment, ready=lambda: answers_ping(socket))], last]
    return [[polite("redis")], [polite("executor"), polite("verifier")], last]


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("home", type=Path)
    parser.add_argument("scene", choices=["calm", "crash-loop", "crash-once", "orchestrator", "redis"])
    parser.add_argument("--linger", type=float)
    parser.add_argument("--may-move", action="store_true")
    options = parser.parse_args()
    try:
        return run_stack(
            Settings.load(dotenv=None, home=options.home),
            say=lambda line: print(line, flush=True),
            linger_seconds=options.linger,
            may_move=options.may_move,
            make_stages=lambda *given: stages(options.scene, *given),
        )
    except StackError as error:
        print(f"error: {error}", flush=True)
        return 3


if __name__ == "__main__":
    sys.exit(main())
