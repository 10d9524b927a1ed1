"""Live progress on standard error: a view that redraws itself on a terminal, else a line for each change."""

from __future__ import annotations

from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from mle_star.tasks.task import AttemptView, Best, TaskView

MOST_ATTEMPTS = 10


class Progress:
    """`show` is what the client calls on every change of the task."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True, highlight=False, soft_wrap=True)
        self._live = self._console.is_terminal
        self._said = ""
        self._view: TaskView | None = None
        self._display = Live(get_renderable=self._draw, console=self._console, transient=True, refresh_per_second=4)

    @property
    def task(self) -> str | None:
        """The task's id, once there is one."""
        return self._view.id if self._view else None

    def say(self, line: str) -> None:
        self._said = line
        if not self._live:
            self._console.print(line, markup=False)

    def show(self, view: TaskView) -> None:
        before, self._view = self._view, view
        if self._live:
            return
        if before is None:
            self.say(f"task {view.id}")
        if (line := f"{view.phase}{_best(view)}") != self._said:
            self._said = line
            self._console.print(f"{view.progress:4.0%}  {line}", markup=False)
        known = {attempt.id: attempt.state for attempt in before.attempts} if before else {}
        for attempt in view.attempts:
            if known.get(attempt.id) != attempt.state:
                self._console.print(f"      {_attempt(attempt)}", markup=False)

    def _draw(self) -> RenderableType:
        view = self._view
        if view is None:
            return Text(f"… {self._said}")
        minutes, seconds = divmod(int(max(0.0, (view.deadline - datetime.now(UTC)).total_seconds())), 60)
        head = Text.assemble(
            (view.competition, "bold"), f"  {view.phase}  {minutes}:{seconds:02} left", (_best(view), "green")
        )
        bar = ProgressBar(total=1, completed=view.progress, width=40)
        attempts = Table(box=None, padding=(0, 2), show_header=bool(view.attempts))
        for title in ("attempt", "state", "score", "±", "seconds"):
            attempts.add_column(title, justify="left" if title in {"attempt", "state"} else "right")
        best = set(view.best.attempts) if view.best else set()
        for attempt in view.attempts[-MOST_ATTEMPTS:]:
            attempts.add_row(
                attempt.title,
                attempt.state,
                _number(attempt.score, ".5f"),
                _number(attempt.standard_error, ".5f"),
                _number(attempt.seconds, ".1f"),
                style="green" if attempt.id in best else "",
            )
        return Group(head, bar, attempts)

    def __enter__(self) -> Self:
        if self._live:
            self._display.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._display.stop()


def _best(view: TaskView) -> str:
    best: Best | None = view.best
    if best is None:
        return ""
    score = "valid, not scored" if best.score is None else f"{best.score:.5f}"
    return f", best {view.metric or ''} {score}".replace("  ", " ")


def _attempt(attempt: AttemptView) -> str:
    score = "" if attempt.score is None else f" {attempt.score:.5f}"
    return f"{attempt.title}: {attempt.state}{score}"


def _number(value: float | None, form: str) -> str:
    return "" if value is None else f"{value:{form}}"
