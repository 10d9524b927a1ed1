"""Where the state of an embedded stack lies, and the locks that say who uses it."""

from __future__ import annotations

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ValidationError

from mle_star.api.errors import StackError


class StackState(BaseModel):
    """What `stack.json` says of the stack that runs: there from its being ready until its end."""

    pid: int
    url: str
    version: str


@dataclass(frozen=True)
class Home:
    """The folder of one stack's state.

    The stack holds `stack.lock` while it lives; every client holds `clients.lock`, shared, while it works. The
    kernel lets go of both when their owner dies, so that neither can be stale.
    """

    folder: Path

    def create(self) -> Home:
        """Makes the folder, for its owner alone. Raises StackError where it cannot."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.redis_folder.mkdir(exist_ok=True)
        except OSError as error:
            hint = "set MLE_STAR_HOME to a folder that you can write to"
            raise StackError(f"{self.folder} cannot be made ({error.strerror}): {hint}") from None
        return self

    @property
    def redis_folder(self) -> Path:
        return self.folder / "redis"

    @property
    def results_folder(self) -> Path:
        return self.folder / "results"

    @property
    def stack_lock(self) -> Path:
        return self.folder / "stack.lock"

    @property
    def clients_lock(self) -> Path:
        return self.folder / "clients.lock"

    @property
    def _state_file(self) -> Path:
        return self.folder / "stack.json"

    def state(self) -> StackState | None:
        """The stack that runs and is ready, if there is one."""
        if not is_locked(self.stack_lock):
            return None
        try:
            return StackState.model_validate_json(self._state_file.read_bytes())
        except (OSError, ValidationError):
            return None

    def write_state(self, state: StackState) -> None:
        incoming = self._state_file.with_suffix(".incoming")
        incoming.write_text(state.model_dump_json(), encoding="utf-8")
        incoming.replace(self._state_file)

    def forget_state(self) -> None:
        self._state_file.unlink(missing_ok=True)


class FileLock:
    """An advisory lock on a file, held until `release` or the end of the process."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def release(self) -> None:
        os.close(self._descriptor)


def try_lock(path: Path, *, shared: bool = False) -> FileLock | None:
    """The lock, or None where somebody else holds it in a way that excludes us."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return FileLock(descriptor)


def is_locked(path: Path) -> bool:
    """Whether anybody holds it. Asks for a shared lock, so that two who ask at once do not see each other."""
    if not path.exists():
        return False
    lock = try_lock(path, shared=True)
    if lock is None:
        return True
    lock.release()
    return False
