"""`mle-star run`: a competition's data in, a submission out."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path
from typing import Annotated, Any

import typer

from mle_star.cli.exits import BAD_INPUT, FAILED, INTERRUPTED, Exit, errors_end_the_command


def run(
    competition: Annotated[str, typer.Argument(metavar="COMPETITION", help="Its name, such as titanic.")],
    data_dir: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The folder with its training, test and sample submission files.")
    ] = None,
    metric: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="What it is judged on, in our or Kaggle's words; else found in the files."),
    ] = None,
    description: Annotated[
        str | None, typer.Option(metavar="TEXT|@FILE", help="What it is about, or a file that says so.")
    ] = None,
    target: Annotated[
        str | None, typer.Option(metavar="NAME", help="The column to predict, where the files leave it open.")
    ] = None,
    minutes: Annotated[
        float | None, typer.Option(metavar="N", help="The hard limit of wall time for everything (30 by default).")
    ] = None,
    strategies: Annotated[
        int | None, typer.Option(metavar="N", help="How many ideas to try at first (3 by default).")
    ] = None,
    iterations: Annotated[
        int | None, typer.Option(metavar="N", help="How often to refine the best at most (5 by default).")
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", help="What all that is random starts from.")] = 0,
    output: Annotated[Path | None, typer.Option(metavar="FILE", help="Copy the submission to this file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as one JSON object, and no more.")] = False,
) -> None:
    """Solve a competition: the best valid submission within the time, the program that made it, an honest score."""
    with errors_end_the_command():
        result = solve(
            competition,
            data_dir=data_dir,
            evaluation_metric=metric,
            description=_text(description),
            target=target,
            minutes=minutes,
            strategies=strategies,
            iterations=iterations,
            seed=seed,
        )
        submission = result["result"]["submission"]
        if output is not None and submission is not None:
            output.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(submission, output)
            result["result"]["output"] = str(output.absolute())
    if as_json:
        print(json.dumps(result))
    else:
        print_result(result)
    end_as(result)


def solve(competition: str, **options: Any) -> dict[str, Any]:
    """Runs it to its end with live progress on standard error; Ctrl-C cancels the task."""
    from mle_star.api.client import MLEStarClient  # noqa: PLC0415
    from mle_star.cli.progress import Progress  # noqa: PLC0415

    progress = Progress()

    async def execute() -> dict[str, Any]:
        progress.say("looking for the stack, or starting one")
        async with MLEStarClient.from_env() as client:
            return await client.execute_kaggle_competition(competition, **options, on_change=progress.show)

    try:
        with progress:
            return asyncio.run(execute())
    except KeyboardInterrupt:
        what = f"the task {progress.task} was cancelled" if progress.task else "no task is left running"
        raise Exit(INTERRUPTED, f"interrupted: {what}") from None


def print_result(result: dict[str, Any]) -> None:
    """The score and where everything lies, for people."""
    from rich.console import Console  # noqa: PLC0415

    console = Console(highlight=False, soft_wrap=True)
    found = result["result"]
    verification = found["verification"]
    console.print(f"status      {result['status']}")
    if verification["score"] is not None:
        error = verification["standard_error"]
        sure = f" ± {error:.4f}" if error is not None else ""
        better = f"{verification['metric']}, {verification['direction']} is better, on held-out rows"
        console.print(f"score       {verification['score']:.5f}{sure} ({better})", markup=False)
        if not verification["blind"]:
            console.print("            blind: false - no sandbox here could hide the labels from the programs")
        if not verification["verified"]:
            console.print("            unverified - nothing ties the submission's rows to those that were scored")
    for name in ("submission", "output", "solution", "report", "journal"):
        if found.get(name):
            console.print(f"{name:<11} {found[name]}", markup=False)
    for warning in result["warnings"]:
        console.print(f"warning     {warning}", markup=False)


def end_as(result: dict[str, Any]) -> None:
    """The exit code of a task that ended."""
    if result["status"] == "failed":
        raise Exit(FAILED, f"the task failed: {result['error'] or 'its report says why'}")
    if result["status"] == "cancelled":
        raise Exit(FAILED, f"the task {result['task_id']} was cancelled")


def _text(description: str | None) -> str | None:
    if description is None or not description.startswith("@"):
        return description
    try:
        return Path(description[1:]).expanduser().read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Exit(BAD_INPUT, f"the description cannot be read: {error}") from None
