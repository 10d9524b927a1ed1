"""Watching a box from its start to its end: the clock, what it prints, and what it takes."""

from __future__ import annotations

import selectors
import time
from typing import NamedTuple

from mle_star.tasks.execution import Limits, Outcome
from mle_star_sandbox.backends.base import Box
from mle_star_sandbox.output import Output
from mle_star_sandbox.processes import memory_bytes
from mle_star_sandbox.trace import last_error, trimmed_traceback

TICK_SECONDS = 0.05


class Watched(NamedTuple):
    """`exit_code` and `traceback` are of a program that ended by itself; memory and CPU are None where unknown."""

    outcome: Outcome
    exit_code: int | None
    seconds: float
    cpu_seconds: float | None
    peak_memory_bytes: int | None
    output: str
    traceback: str | None


def watch(box: Box, limits: Limits, cancelled: int) -> Watched:
    """Starts the program, and returns when nothing of the box runs any more.

    `cancelled` is a file that becomes readable when the box is to be ended.
    """
    watcher = _Watcher(box, limits, cancelled)
    started = time.monotonic()
    try:
        box.go()
        broken = watcher.wait(started + limits.seconds)
    finally:
        box.kill()
        exit_code = box.reap()
    seconds = time.monotonic() - started
    broken = broken or watcher.drain()
    if box.counts is not None:
        broken = broken or box.counts.broken()
        watcher.cpu_seconds, watcher.peak_memory_bytes = box.counts.cpu_seconds(), box.counts.peak_memory_bytes()
    text = watcher.output.text()
    traceback = trimmed_traceback(text) if exit_code and not broken else None
    full = box.written_bytes() >= limits.disk_bytes
    return Watched(
        outcome=broken or _outcome(exit_code, traceback, full=full),
        exit_code=None if broken else exit_code,
        seconds=seconds,
        cpu_seconds=watcher.cpu_seconds,
        peak_memory_bytes=watcher.peak_memory_bytes,
        output=text,
        traceback=traceback,
    )


class _Watcher:
    def __init__(self, box: Box, limits: Limits, cancelled: int) -> None:
        self.output = Output()
        self.cpu_seconds: float | None = None
        self.peak_memory_bytes: int | None = None
        self._box = box
        self._limits = limits
        self._cancelled = cancelled

    def wait(self, deadline: float) -> Outcome | None:
        """Returns the bound that the box broke, or None when its program has ended by itself."""
        tick, pause = 0.0, TICK_SECONDS
        with selectors.DefaultSelector() as selector:
            selector.register(self._cancelled, selectors.EVENT_READ)
            selector.register(self._box.output, selectors.EVENT_READ)
            while True:
                ready = {key.fd for key, _ in selector.select(pause)}
                now = time.monotonic()
                if self._cancelled in ready:
                    return Outcome.CANCELLED
                if self._box.output in ready and not self._read():
                    # it closed its output: it ends in a moment, or it works on in silence
                    selector.unregister(self._box.output)
                    pause = 0.0005
                pause = min(2 * pause, TICK_SECONDS)
                if self._box.has_ended():
                    return None
                if self.output.total > self._limits.output_bytes:
                    return Outcome.OUTPUT_LIMIT
                if now >= deadline:
                    return Outcome.TIMEOUT
                if now >= tick:
                    if broken := self._measure():
                        return broken
                    tick = time.monotonic() + TICK_SECONDS

    def drain(self) -> Outcome | None:
        """Takes what is left of the output of a dead box."""
        while data := self._box.read():
            self.output.add(data)
        return Outcome.OUTPUT_LIMIT if self.output.total > self._limits.output_bytes else None

    def _read(self) -> bool:
        """One piece of the output; False where there will be no more."""
        data = self._box.read()
        self.output.add(data or b"")
        return data is not None

    def _measure(self) -> Outcome | None:
        """What the box takes now; the bound that this breaks, if any."""
        if self._box.written_bytes() >= self._limits.disk_bytes:
            return Outcome.DISK_FULL
        if self._box.counts is not None:
            return self._box.counts.broken()
        processes = self._box.processes()
        if not processes:
            return None
        if sum(process.threads for process in processes) > self._limits.processes:
            return Outcome.PROCESS_LIMIT
        memory = sum(process.resident_bytes for process in processes)
        if memory > self._limits.memory_bytes:
            # what they share was counted more than once
            memory = memory_bytes(self._box.procfs, processes) - self._box.inherited_bytes(processes)
        self.peak_memory_bytes = max(self.peak_memory_bytes or 0, memory)
        self.cpu_seconds = max(self.cpu_seconds or 0, sum(process.cpu_seconds for process in processes))
        return Outcome.OUT_OF_MEMORY if memory > self._limits.memory_bytes else None


def _outcome(exit_code: int, traceback: str | None, *, full: bool) -> Outcome:
    """How a program ended that nobody killed."""
    if exit_code == 0:
        return Outcome.OK
    error = last_error(traceback)
    if error.split(":")[0].endswith("MemoryError"):
        return Outcome.OUT_OF_MEMORY
    if full or error.startswith(("OSError: [Errno 28]", "OSError: [Errno 27]")):  # no space left, file too large
        return Outcome.DISK_FULL
    if error.startswith(("BlockingIOError: [Errno 11]", "RuntimeError: can't start new thread")):
        return Outcome.PROCESS_LIMIT
    return Outcome.ERROR
