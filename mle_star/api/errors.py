"""What the client raises; each message is one clear line that says what to do."""

from __future__ import annotations

from mle_star.tasks.task import Problem

# MLEStarError
# ├── BadInputError       what was given cannot be used: change it
# ├── NotFoundError       there is no such task or artifact
# ├── RequestRefusedError any other answer with an error status
# └── StackError          nothing answers, or the stack cannot start


class MLEStarError(Exception):
    """The root of all that the client raises on purpose."""


class BadInputError(MLEStarError):
    """The data, an option or a setting cannot be used."""


class NotFoundError(MLEStarError):
    """There is no task or artifact of that name."""


class RequestRefusedError(MLEStarError):
    """The orchestrator answered with an error; `problem` is its answer."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.title}: {problem.detail}")
        self.problem = problem


class StackError(MLEStarError):
    """The orchestrator cannot be reached, or the embedded stack cannot start."""


def error_for(problem: Problem) -> MLEStarError:
    """The error that fits an answer."""
    if problem.status in {400, 413, 422}:
        return BadInputError(problem.detail)
    if problem.status == 404:
        return NotFoundError(problem.detail)
    if problem.status == 503:
        return StackError(problem.detail)
    return RequestRefusedError(problem)
