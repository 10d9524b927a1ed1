"""`mle-star doctor`: what this machine can do, rung by rung, and how to get what is missing."""

from __future__ import annotations

from mle_star.cli.exits import STACK, Exit, errors_end_the_command

_MARKS = {True: "[green]yes[/]", False: "[red]no [/]", None: "[yellow]-- [/]"}


def doctor() -> None:
    """Check what this machine can do, from the least to the most, and say how to get what is missing."""
    from rich.console import Console  # noqa: PLC0415
    from rich.markup import escape  # noqa: PLC0415

    from mle_star.cli.checks import check_machine  # noqa: PLC0415
    from mle_star.config import Settings  # noqa: PLC0415

    with errors_end_the_command():
        checks = check_machine(Settings.load())
    console = Console(highlight=False, soft_wrap=True)
    for check in checks:
        console.print(f"{_MARKS[check.good]}  {check.what:<14} {escape(check.found)}")
        if check.advice:
            console.print(f"{'':<19} → {escape(check.advice)}")
    missing = [check.what for check in checks if check.good is False]
    if missing:
        raise Exit(STACK, f"the stack cannot run here yet: {', '.join(missing)}")
    print("The stack can run here.")
