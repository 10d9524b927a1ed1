"""One program in one disposable box: what goes in and what comes out."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, Field

from mle_star.tasks.artifact import Artifact


class Outcome(StrEnum):
    """How an execution ended. A sandbox that failed is never an outcome: it is an error of the service."""

    OK = "ok"
    ERROR = "error"
    TIMEOUT = "timeout"
    OUT_OF_MEMORY = "out_of_memory"
    OUTPUT_LIMIT = "output_limit"
    DISK_FULL = "disk_full"
    PROCESS_LIMIT = "process_limit"
    CANCELLED = "cancelled"


class Limits(BaseModel):
    """What a program may use."""

    seconds: float = Field(300, gt=0, description="wall time, counted from the start of the box")
    memory_bytes: int = Field(4 << 30, gt=0)
    processes: int = Field(256, gt=0, description="processes and threads together")
    output_bytes: int = Field(64 << 20, gt=0, description="standard output and error together")
    disk_bytes: int = Field(2 << 30, gt=0, description="all that it writes")
    collect_bytes: int = Field(1 << 30, gt=0, description="all the files that leave the box")
    cores: int = Field(1, gt=0, description="what thread pools are set to")


class ExecutionRequest(BaseModel):
    """`program` becomes `./solution.py`; `files` lie read-only at their path under `./input`.

    The program starts in a folder that holds `solution.py`, `input/` and the empty, writable `working/`;
    `collect` names files in `working/` that are kept when it ends (those that are missing are left out).
    """

    program: Artifact
    arguments: list[str] = []
    files: dict[str, Artifact] = {}
    limits: Limits = Limits()
    collect: list[str] = []


class Execution(BaseModel):
    """What came of it. Only `outcome` may be trusted; the rest is what a program chose to leave behind."""

    outcome: Outcome
    exit_code: int | None = None
    seconds: float
    cpu_seconds: float | None = None
    peak_memory_bytes: int | None = None
    output: str = Field("", description="the first and last of standard output and error, together")
    traceback: str | None = Field(None, description="the trimmed Python traceback, if the program died of one")
    files: dict[str, Artifact] = {}
    backend: str
    isolated: bool = Field(description="whether files outside the box were hidden from the program")
