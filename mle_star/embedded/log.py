"""The one log: what every process of the stack prints, a JSON object a line, bounded in size."""

from __future__ import annotations

import asyncio
import json
import logging
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import IO

MAX_BYTES = 20 << 20
OLDER_FILES = 2
_LONGEST_LINE = 1 << 20


class StackLog:
    """Takes lines of JSON as they are and wraps all others, so that Redis and tracebacks are JSON as well."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self.file = file
        self._handler = RotatingFileHandler(file, maxBytes=MAX_BYTES, backupCount=OLDER_FILES, encoding="utf-8")

    def write(self, service: str, event: str, level: str = "info", **more: object) -> None:
        stamp = datetime.now(UTC).isoformat()
        self._emit(json.dumps({"service": service, "event": event, "level": level, "timestamp": stamp, **more}))

    def line(self, service: str, line: bytes) -> None:
        """One line that a process printed."""
        text = line.decode("utf-8", "replace").rstrip()
        if _is_object(text):
            self._emit(text)
        elif text:
            self.write(service, text)

    async def follow(self, service: str, output: IO[bytes] | None) -> None:
        """Takes all that comes from the pipe, until nobody holds its other end any more."""
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(lambda: _Lines(self, service), output)

    def close(self) -> None:
        self._handler.close()

    def _emit(self, text: str) -> None:
        self._handler.emit(logging.makeLogRecord({"msg": text}))


def _is_object(text: str) -> bool:
    try:
        return text.startswith("{") and isinstance(json.loads(text), dict)
    except ValueError:
        return False


class _Lines(asyncio.Protocol):
    """Cuts a stream into lines; one that is too long is cut as well."""

    def __init__(self, log: StackLog, service: str) -> None:
        self._log = log
        self._service = service
        self._rest = b""

    def data_received(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._log.line(self._service, line)
        if len(self._rest) > _LONGEST_LINE:
            self.connection_lost(None)

    def connection_lost(self, _: Exception | None) -> None:
        self._log.line(self._service, self._rest)
        self._rest = b""
