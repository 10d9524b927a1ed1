"""The folder that a box is made of: `solution.py`, `input/` and an empty `working/`."""

from __future__ import annotations

import os
import shutil
from pathlib import Path, PurePosixPath

from mle_star.artifacts import ArtifactMissingError, ArtifactStore
from mle_star.service.errors import BadInputError, UnavailableError
from mle_star.tasks.execution import ExecutionRequest

ARGUMENT_BYTES = 100_000  # Linux takes 128 KiB for one


def check_request(request: ExecutionRequest) -> None:
    """Raises BadInputError for what no box can be made of."""
    for name in (*request.files, *request.collect):
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or not path.parts or "\0" in name or "\\" in name:
            raise BadInputError(f"{name!r} is no path inside a box: name a file relative to it, without '..'")
    if any("\0" in argument for argument in request.arguments):
        raise BadInputError("an argument holds a null character, which no program can be given")
    if sum(len(argument.encode()) for argument in request.arguments) > ARGUMENT_BYTES:
        raise BadInputError(f"the arguments pass {ARGUMENT_BYTES} bytes together: put them into a file")


def lay_out(request: ExecutionRequest, store: ArtifactStore, folder: Path, *, link: bool) -> None:
    """Fills the empty `folder`. `link` spares the copies, where the box cannot write to what it is shown.

    Raises BadInputError, or UnavailableError where the store lacks a file.
    """
    for name in ("input", "working"):
        (folder / name).mkdir()
    try:
        for name, artifact in request.files.items():
            destination = folder / "input" / name
            destination.parent.mkdir(parents=True, exist_ok=True)
            _bring(store.path(artifact), destination, link=link)
        _bring(store.path(request.program), folder / "solution.py", link=link)
    except ArtifactMissingError as error:
        raise UnavailableError(f"{error}: store it, then put the execution again") from None
    except (FileExistsError, NotADirectoryError) as error:
        raise BadInputError(f"two of the files want the same place: {error}") from None


def _bring(source: Path, destination: Path, *, link: bool) -> None:
    if link:
        try:
            os.link(source, destination)
            return
        except FileExistsError:
            raise
        except OSError:
            pass  # another file system, or one without links
    if destination.exists():
        raise FileExistsError(destination)
    shutil.copyfile(source, destination)
    destination.chmod(0o444)
