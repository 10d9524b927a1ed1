"""When a stack that was started on the side may end: some time after its last task and its last client."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import httpx

from mle_star.embedded.home import Home, try_lock

LOOK_SECONDS = 2.0


async def linger(home: Home, url: str, seconds: float, stop: Callable[[str], None]) -> None:
    """Calls `stop` once nobody has needed the stack for so long.

    From then on no new client can take its lock, until this process has ended: it then starts a stack anew.
    """
    needed = time.monotonic()
    async with httpx.AsyncClient(base_url=url, verify=False, trust_env=False) as client:  # noqa: S501 - loopback
        while True:
            await asyncio.sleep(min(LOOK_SECONDS, seconds / 4))
            alone = try_lock(home.clients_lock)
            if alone is None or await _has_running_tasks(client):
                needed = time.monotonic()
            elif time.monotonic() - needed > seconds:
                stop(f"nobody has needed the stack for {seconds:.0f} s")
                return  # the lock stays ours until the process ends
            if alone is not None:
                alone.release()


async def _has_running_tasks(client: httpx.AsyncClient) -> bool:
    """An orchestrator that does not answer is being restarted, and may have tasks."""
    try:
        response = await client.get("/tasks", params={"status": "running"}, timeout=10)
        return response.is_error or bool(response.json()["tasks"])
    except (httpx.HTTPError, ValueError, KeyError):
        return True
