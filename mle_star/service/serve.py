"""Serving an app: on a Unix socket or a TCP address, until SIGTERM."""

from __future__ import annotations

import uvicorn
from fastapi import FastAPI

from mle_star.service.telemetry import start_log


def serve(app: FastAPI, service: str, bind: str, log_level: str) -> None:
    """`bind` is `unix:/path`, `http://host:port` or `host:port`. Returns after a graceful stop of at most 5 s."""
    start_log(service, log_level)
    common = {"log_config": None, "access_log": False, "timeout_graceful_shutdown": 5, "loop": "asyncio"}
    if bind.startswith("unix:"):
        uvicorn.run(app, uds=bind.removeprefix("unix:"), **common)  # type: ignore[arg-type]
    else:
        host, _, port = bind.removeprefix("http://").rpartition(":")
        uvicorn.run(app, host=host, port=int(port), **common)  # type: ignore[arg-type]
