"""Exit codes, and which error ends with which."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

FAILED = 1
BAD_INPUT = 2
STACK = 3
INTERRUPTED = 130


class Exit(Exception):  # noqa: N818 - it is no error, it is how a command ends
    """Ends the command with a code, and a line on standard error."""

    def __init__(self, code: int, line: str = "") -> None:
        super().__init__(line)
        self.code = code


@contextmanager
def errors_end_the_command() -> Iterator[None]:
    """Turns every error that we raise on purpose into its exit code and one clear line; others are bugs."""
    from mle_star.api.errors import BadInputError, MLEStarError, NotFoundError, StackError  # noqa: PLC0415
    from mle_star.config import ConfigError  # noqa: PLC0415

    try:
        yield
    except (BadInputError, NotFoundError, ConfigError) as error:
        raise Exit(BAD_INPUT, _one_line(error)) from error
    except StackError as error:
        raise Exit(STACK, _one_line(error)) from error
    except (MLEStarError, OSError) as error:
        raise Exit(FAILED, _one_line(error)) from error
    except KeyboardInterrupt:
        raise Exit(INTERRUPTED, "interrupted") from None


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
