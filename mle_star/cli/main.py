"""`mle-star`: its commands, and the exit codes that all of them share."""

from __future__ import annotations

import sys

import typer

from mle_star import __version__
from mle_star.cli.cancel import cancel
from mle_star.cli.demo import demo
from mle_star.cli.doctor import doctor
from mle_star.cli.exits import BAD_INPUT, FAILED, INTERRUPTED, STACK, Exit
from mle_star.cli.run import run
from mle_star.cli.status import status
from mle_star.cli.up import up

app = typer.Typer(
    name="mle-star",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="An autonomous machine-learning engineer: a folder of competition data goes in; a valid submission, the "
    "program that made it and an honest score come out.",
    epilog=f"Exit codes: 0 done, {FAILED} failed, {BAD_INPUT} bad input, {STACK} the stack, {INTERRUPTED} interrupted. "
    "Settings come from the environment, .env and YAML: see docs/configuration.md.",
)
for command in (run, demo, status, cancel, up, doctor):
    app.command()(command)


def _version(wanted: bool) -> None:
    if wanted:
        print(__version__)
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    pass


def main() -> None:
    """Runs the command line; nobody sees a traceback of an error that has a clear line."""
    try:
        app()
    except Exit as ending:
        if str(ending):
            print(f"mle-star: {ending}", file=sys.stderr)
        sys.exit(ending.code)


if __name__ == "__main__":
    main()
