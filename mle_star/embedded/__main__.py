"""`python -m mle_star.embedded`: the stack that a client starts on the side."""

from __future__ import annotations

import argparse
import sys

from mle_star.api.errors import StackError
from mle_star.config import ConfigError, Settings
from mle_star.embedded.stack import run_stack


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m mle_star.embedded", description=__doc__)
    parser.add_argument("--linger", type=float, help="end after so many seconds without a task and a client")
    parser.add_argument("--may-move", action="store_true", help="take a free port where the usual one is busy")
    options = parser.parse_args()
    try:
        settings = Settings.load(dotenv=None)
        return run_stack(settings, say=_say, linger_seconds=options.linger, may_move=options.may_move)
    except (ConfigError, StackError) as error:
        _say(f"error: {error}")
        return 3


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
