"""`mle-star up`: the stack in the foreground."""

from __future__ import annotations

import sys

from mle_star.cli.exits import Exit, errors_end_the_command


def up() -> None:
    """Run the whole stack until Ctrl-C: Redis, the five services and the workers, with the API on 127.0.0.1:8080."""
    from mle_star.config import Settings  # noqa: PLC0415
    from mle_star.embedded.stack import run_stack  # noqa: PLC0415

    with errors_end_the_command():
        code = run_stack(Settings.load(), say=_say)
    if code:
        raise Exit(code)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
