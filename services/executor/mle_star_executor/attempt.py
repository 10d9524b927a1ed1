"""An attempt: a strategy becomes a program, the program is run, and its predictions are collected."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable

import structlog

from mle_star.artifacts import ArtifactMissingError, ArtifactStore
from mle_star.service.errors import BadInputError, ServiceError
from mle_star.tasks.artifact import Artifact
from mle_star.tasks.attempt import Attempt, AttemptRequest, Member, Solution, SolutionRequest
from mle_star.tasks.execution import Execution, ExecutionRequest, Outcome
from mle_star.tasks.recipes import UnknownRecipeError
from mle_star.tasks.strategy import Strategy
from mle_star_executor.fold_predictions import assemble, submission_names
from mle_star_executor.predictions import UnusablePredictionsError
from mle_star_executor.render_solution import render_solution

Execute = Callable[[str, str, ExecutionRequest], Awaitable[Execution]]
"""Runs one program in one box: task id, execution id and request to what came of it."""

KEPT = ["held_out.parquet", "test.parquet", "settled.json"]
PLANNED = 0.75  # the share of the limit that is planned with at most

log = structlog.get_logger()


class Attempts:
    """Makes programs, runs them by `execute`, and puts what they leave into the artifact store."""

    def __init__(self, artifacts: ArtifactStore, execute: Execute) -> None:
        self._artifacts = artifacts
        self._execute = execute
        self._rendering = threading.Lock()  # ast.parse of Python 3.11 fails at random where two threads are in it

    async def run(self, id: str, request: AttemptRequest) -> Attempt:
        """Raises BadInputError for a strategy that the catalogue does not have, ServiceError if no box would run."""
        strategy = request.strategy
        with structlog.contextvars.bound_contextvars(task=request.task_id, attempt=request.attempt_id):
            log.info("attempt_started", recipe=strategy.recipe if strategy else "a program of unknown origin")
            try:
                attempt = await (
                    self._run_strategy(id, request, strategy) if strategy else self._run_program(id, request)
                )
            except ArtifactMissingError as error:
                raise BadInputError(f"{error}: put it there again") from error
            log.info(
                "attempt_ended", outcome=str(attempt.outcome), seconds=round(attempt.seconds, 2), blind=attempt.blind
            )
            return attempt

    async def solve(self, _: str, request: SolutionRequest) -> Solution:
        """The final program; nothing is run. Raises BadInputError."""
        return Solution(program=await asyncio.to_thread(self._render, request))

    async def _run_strategy(self, id: str, request: AttemptRequest, strategy: Strategy) -> Attempt:
        """All folds in one box: our own runner hands each fit its own rows' labels alone."""
        wanted = SolutionRequest(
            task_id=request.task_id,
            competition=request.competition,
            members=[Member(strategy=strategy)],
            seed=request.seed,
        )
        program = await asyncio.to_thread(self._render, wanted)
        execution = await self._execute(
            request.task_id,
            id,
            ExecutionRequest(
                program=program,
                arguments=["--keep-folds", "--seconds", f"{_planned_seconds(request):.1f}"],
                files=request.competition.artifacts,
                limits=request.limits,
                collect=KEPT,
            ),
        )
        attempt = _attempt(program, [execution])
        if execution.outcome is not Outcome.OK:
            return attempt
        if missing := [name for name in KEPT if name not in execution.files]:
            raise ServiceError(f"a program of the catalogue left no {', '.join(missing)}")
        held_out, test, settled = (execution.files[name] for name in KEPT)
        found = json.loads(self._artifacts.read(settled))
        return attempt.model_copy(update={"held_out": held_out, "test": test, "settled": found})

    async def _run_program(self, id: str, request: AttemptRequest) -> Attempt:
        """One box a fold, with that fold's files alone; its held-out part is cut out here."""
        assert request.program is not None
        executions = await self._run_folds(id, request, request.program)
        attempt = _attempt(request.program, executions)
        if attempt.outcome is not Outcome.OK:
            return attempt
        try:
            held_out, test = await asyncio.to_thread(assemble, self._artifacts, request, executions)
        except UnusablePredictionsError as error:
            said = f"{type(error).__name__}: {error}"
            return attempt.model_copy(update={"outcome": Outcome.ERROR, "traceback": said})
        return attempt.model_copy(update={"held_out": held_out, "test": test})

    async def _run_folds(self, id: str, request: AttemptRequest, program: Artifact) -> list[Execution]:
        """The first fold alone, so that what fails fails once, then the others side by side."""
        collect = ["raw.parquet", *submission_names(request.competition)]

        async def run(fold: int) -> Execution:
            files = request.folds[fold]
            wanted = ExecutionRequest(program=program, files=files, limits=request.limits, collect=collect)
            return await self._execute(request.task_id, f"{id}-fold{fold}", wanted)

        executions = [await run(0)]
        if executions[0].outcome is Outcome.OK:
            try:
                async with asyncio.TaskGroup() as group:
                    others = [group.create_task(run(fold)) for fold in range(1, len(request.folds))]
            except BaseExceptionGroup as errors:
                raise errors.exceptions[0] from errors
            executions += [other.result() for other in others]
        return executions

    def _render(self, request: SolutionRequest) -> Artifact:
        try:
            with self._rendering:
                source = render_solution(request.competition, request.members, request.decision, request.seed)
        except UnknownRecipeError as error:
            raise BadInputError(str(error)) from error
        return self._artifacts.put_bytes("solution.py", source.encode())


def _planned_seconds(request: AttemptRequest) -> float:
    most = request.limits.seconds * PLANNED
    return min(request.seconds or most, most)


def _attempt(program: Artifact, executions: list[Execution]) -> Attempt:
    """What the executions say together; the first that failed speaks for all."""
    told = next((one for one in executions if one.outcome is not Outcome.OK), executions[0])
    peaks = [one.peak_memory_bytes for one in executions if one.peak_memory_bytes is not None]
    return Attempt(
        outcome=told.outcome,
        program=program,
        seconds=sum(one.seconds for one in executions),
        peak_memory_bytes=max(peaks, default=None),
        output=told.output,
        traceback=told.traceback,
        blind=all(one.isolated for one in executions),
    )
