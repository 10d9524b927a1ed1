from __future__ import annotations

import asyncio

import pytest
from mle_star_sandbox.admission import Admission


class _Boxes:
    """Boxes that stand until they are told to end, in the order of their admission."""

    def __init__(self, cores: int) -> None:
        self._admission = Admission(cores)
        self._ends: dict[str, asyncio.Event] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.standing: list[str] = []

    async def ask(self, name: str, cores: int) -> None:
        self._ends[name] = asyncio.Event()
        self._tasks[name] = asyncio.create_task(self._stand(name, cores))
        await self._settle()

    async def end(self, name: str) -> None:
        self._ends[name].set()
        await self._settle()

    async def cancel(self, name: str) -> None:
        self._tasks[name].cancel()
        with pytest.raises(asyncio.CancelledError):
            await self._tasks[name]
        await self._settle()

    async def _stand(self, name: str, cores: int) -> None:
        async with self._admission.admit(cores):
            self.standing.append(name)
            try:
                await self._ends[name].wait()
            finally:
                self.standing.remove(name)

    @staticmethod
    async def _settle() -> None:
        for _ in range(10):
            await asyncio.sleep(0)


async def test_no_more_than_there_are_cores() -> None:
    boxes = _Boxes(3)
    for name, cores in (("a", 1), ("b", 1), ("c", 1), ("d", 1)):
        await boxes.ask(name, cores)
    assert boxes.standing == ["a", "b", "c"]
    await boxes.end("b")
    assert boxes.standing == ["a", "c", "d"]


async def test_one_that_wants_more_than_there_is_gets_all() -> None:
    boxes = _Boxes(2)
    await boxes.ask("small", 1)
    await boxes.ask("huge", 64)
    assert boxes.standing == ["small"]
    await boxes.end("small")
    assert boxes.standing == ["huge"]
    await boxes.ask("next", 1)
    assert boxes.standing == ["huge"]


async def test_a_large_one_is_not_overtaken() -> None:
    boxes = _Boxes(2)
    for name, cores in (("first", 1), ("large", 2), ("small", 1)):
        await boxes.ask(name, cores)
    assert boxes.standing == ["first"]
    await boxes.end("first")
    assert boxes.standing == ["large"]
    await boxes.end("large")
    assert boxes.standing == ["small"]


async def test_what_is_cancelled_gives_back_what_it_had_or_its_place() -> None:
    boxes = _Boxes(2)
    for name, cores in (("first", 1), ("large", 2), ("small", 1)):
        await boxes.ask(name, cores)
    await boxes.cancel("large")
    assert boxes.standing == ["first", "small"]
    await boxes.cancel("first")
    await boxes.ask("last", 1)
    assert boxes.standing == ["small", "last"]
