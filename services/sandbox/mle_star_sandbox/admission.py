"""How many boxes run at once: as many as there are cores for them, first come, first served."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Admission:
    """Hands out cores. Who waits in front is served first, however many cores it wants."""

    def __init__(self, cores: int) -> None:
        self._total = cores
        self._free = cores
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @asynccontextmanager
    async def admit(self, cores: int) -> AsyncIterator[None]:
        """Waits for `cores` cores, or for all of them where there are not so many, and holds them."""
        wanted = min(cores, self._total)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiter = (wanted, turn)
        self._waiting.append(waiter)
        self._serve()
        try:
            await turn
            yield
        finally:
            if turn.done() and not turn.cancelled():
                self._free += wanted
            else:
                self._waiting.remove(waiter)
            self._serve()

    def _serve(self) -> None:
        while self._waiting and self._waiting[0][0] <= self._free:
            wanted, turn = self._waiting[0]
            if turn.cancelled():
                return  # it leaves the queue by itself in a moment, and calls here again
            self._waiting.popleft()
            self._free -= wanted
            turn.set_result(None)
