"""`mle-star status`: all tasks, or one in full."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from mle_star.cli.exits import errors_end_the_command

if TYPE_CHECKING:
    from mle_star.tasks.task import TaskView

WIDTH = 160  # an id that is cut short is of no use; a narrow terminal wraps the lines itself


def status(
    task_id: Annotated[str | None, typer.Argument(metavar="[ID]", help="The task; without it, all are listed.")] = None,
) -> None:
    """Show the tasks, or one of them: what it does, what it decided and why, and how each attempt did."""
    from mle_star.api.client import MLEStarClient  # noqa: PLC0415

    async def ask() -> list[TaskView]:
        async with MLEStarClient.from_env() as client:
            return [await client.status(task_id)] if task_id else await client.tasks()

    with errors_end_the_command():
        views = asyncio.run(ask())
    if task_id:
        _print_one(views[0])
    else:
        _print_all(views)


def _print_all(views: list[TaskView]) -> None:
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    table = Table("task", "competition", "status", "phase", "score", "created", box=None)
    for view in views:
        created = view.created.astimezone().strftime("%Y-%m-%d %H:%M:%S")
        table.add_row(view.id, view.competition, view.status, view.phase, _score(view), created)
    Console(width=WIDTH, highlight=False).print(table if views else "there are no tasks yet: try `mle-star demo`")


def _print_one(view: TaskView) -> None:
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    console = Console(width=WIDTH, highlight=False)
    facts = Table.grid(padding=(0, 2))
    for name, value in (
        ("task", view.id),
        ("competition", view.competition),
        ("status", f"{view.status}, {view.phase}"),
        ("best", _score(view) or "none yet"),
        ("time left", f"{view.seconds_left:.0f} s" if not view.status.final else "it has ended"),
        ("error", view.error.detail if view.error else ""),
        *(("warning", warning) for warning in view.warnings),
    ):
        if value:
            facts.add_row(name, value)
    console.print(facts)
    decisions = Table("decided", "value", "why", box=None)
    for decision in view.decisions:
        decisions.add_row(*(str(decision.get(part, "")) for part in ("what", "value", "why")))
    attempts = Table("attempt", "state", "score", "±", "seconds", "feedback", box=None)
    for attempt in view.attempts:
        numbers = (attempt.score, attempt.standard_error, attempt.seconds)
        told = ("" if number is None else f"{number:.4f}" for number in numbers)
        attempts.add_row(attempt.title, attempt.state, *told, attempt.feedback)
    for table in (decisions, attempts):
        if table.row_count:
            console.print()
            console.print(table)


def _score(view: TaskView) -> str:
    if view.best is None or view.best.score is None:
        return ""
    return f"{view.metric or 'score'} {view.best.score:.5f}"
