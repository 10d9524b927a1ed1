"""`mle-star cancel`: ends a task."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from mle_star.cli.exits import errors_end_the_command


def cancel(task_id: Annotated[str, typer.Argument(metavar="ID", help="The task.")]) -> None:
    """Cancel a task and kill what it runs. One that has ended stays as it is."""
    from mle_star.api.client import MLEStarClient  # noqa: PLC0415

    async def ask() -> str:
        async with MLEStarClient.from_env() as client:
            return (await client.cancel(task_id)).status

    with errors_end_the_command():
        print(f"{task_id}: {asyncio.run(ask())}")
