"""Long work over HTTP: put, joined, polled, cancelled, forgotten; and the caller's side of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import httpx
import pytest
from pydantic import BaseModel

from mle_star.service.app import create_app
from mle_star.service.errors import BadInputError, UnavailableError
from mle_star.service.remote import RemoteError, RemoteWork
from mle_star.service.work import Work, work_router


class Sum(BaseModel):
    numbers: list[int]


class Total(BaseModel):
    total: int


class Adder:
    """Adds when it is let; notes how often it began and what was cleaned up."""

    def __init__(self) -> None:
        self.began = 0
        self.cleaned = 0
        self.go_on = asyncio.Event()
        self.go_on.set()

    async def add(self, _: str, request: Sum) -> Total:
        self.began += 1
        try:
            await self.go_on.wait()
        except asyncio.CancelledError:
            self.cleaned += 1
            raise
        if not request.numbers:
            raise BadInputError("there is nothing to add")
        if request.numbers == [13]:
            raise RuntimeError("a secret detail")
        return Total(total=sum(request.numbers))


@pytest.fixture
def adder() -> Adder:
    return Adder()


@pytest.fixture
async def work(adder: Adder) -> AsyncIterator[Work[Sum, Total]]:
    work = Work[Sum, Total](adder.add, forgotten_seconds=0.2)
    yield work
    await work.close()


@pytest.fixture
async def client(work: Work[Sum, Total]) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app("adder")
    app.include_router(work_router(work, "sums", Sum, Total))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service") as client:
        yield client


def remote(client: httpx.AsyncClient, patience: float = 0.3) -> RemoteWork:
    return RemoteWork(client, "sums", patience_seconds=patience)


async def test_it_is_accepted_then_polled(client: httpx.AsyncClient, adder: Adder) -> None:
    adder.go_on.clear()
    accepted = await client.put("/sums/a", json={"numbers": [1, 2]})
    assert (accepted.status_code, accepted.headers["location"]) == (202, "/sums/a")
    assert accepted.json()["state"] == "running"
    adder.go_on.set()
    done = await client.get("/sums/a", params={"wait": 20})
    assert (done.json()["state"], done.json()["result"]) == ("done", {"total": 3})


async def test_a_second_put_joins_the_first(client: httpx.AsyncClient, adder: Adder) -> None:
    both = await asyncio.gather(*(remote(client).do("a", Sum(numbers=[1]), Total) for _ in range(2)))
    assert both == [Total(total=1), Total(total=1)]
    assert await remote(client).do("a", Sum(numbers=[1]), Total) == Total(total=1)
    assert adder.began == 1


async def test_what_failed_runs_anew_when_put_again(client: httpx.AsyncClient, adder: Adder) -> None:
    for _ in range(2):
        with pytest.raises(RemoteError, match="there is nothing to add") as error:
            await remote(client).do("a", Sum(numbers=[]), Total)
        assert (error.value.status, error.value.code, error.value.retry) == (422, "bad_input", False)
    assert adder.began == 2


async def test_a_bug_does_not_show_its_details(client: httpx.AsyncClient) -> None:
    with pytest.raises(RemoteError, match="this is a bug") as error:
        await remote(client).do("a", Sum(numbers=[13]), Total)
    assert "secret" not in str(error.value)


async def test_deleting_waits_until_it_has_cleaned_up(client: httpx.AsyncClient, adder: Adder) -> None:
    adder.go_on.clear()
    await client.put("/sums/a", json={"numbers": [1]})
    await asyncio.sleep(0)
    assert (await client.delete("/sums/a")).status_code == 204
    assert adder.cleaned == adder.began == 1
    assert (await client.get("/sums/a")).status_code == 404
    assert (await client.delete("/sums/unknown")).status_code == 204


async def test_a_cancelled_caller_cancels_the_work(client: httpx.AsyncClient, adder: Adder) -> None:
    adder.go_on.clear()
    call = asyncio.create_task(remote(client).do("a", Sum(numbers=[1]), Total))
    while not adder.began:
        await asyncio.sleep(0.01)
    call.cancel()
    with suppress(asyncio.CancelledError):
        await call
    assert call.cancelled()
    assert adder.cleaned == 1


async def test_work_that_nobody_polls_is_dropped(
    client: httpx.AsyncClient, work: Work[Sum, Total], adder: Adder
) -> None:
    adder.go_on.clear()
    await client.put("/sums/a", json={"numbers": [1]})
    dropping = asyncio.create_task(work.drop_forgotten())
    async with asyncio.timeout(20):
        while not adder.cleaned:
            await asyncio.sleep(0.01)
    dropping.cancel()
    assert (await client.get("/sums/a")).status_code == 404


async def test_a_service_that_forgot_the_work_is_asked_again() -> None:
    running = {"id": "a", "state": "running"}
    left = [
        ("PUT", httpx.Response(202, json=running)),
        ("GET", httpx.Response(404)),
        ("PUT", httpx.Response(202, json=running)),
        ("GET", httpx.Response(200, json={"id": "a", "state": "done", "result": {"total": 4}})),
    ]

    def answer(request: httpx.Request) -> httpx.Response:
        method, response = left.pop(0)
        assert (request.method, request.url.path) == (method, "/sums/a")
        return response

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://service") as client:
        assert await remote(client).do("a", Sum(numbers=[4]), Total) == Total(total=4)
    assert left == []


async def test_a_short_silence_is_waited_out_and_a_long_one_is_unavailable() -> None:
    silent = 2

    def answer(_: httpx.Request) -> httpx.Response:
        nonlocal silent
        silent -= 1
        if silent >= 0:
            raise httpx.ConnectError("refused")
        return httpx.Response(202, json={"id": "a", "state": "done", "result": {"total": 5}})

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://service") as client:
        assert await remote(client, patience=20).do("a", Sum(numbers=[5]), Total) == Total(total=5)
        silent = 1000
        with pytest.raises(UnavailableError, match="ConnectError"):
            await remote(client).do("a", Sum(numbers=[5]), Total)


async def test_an_answer_that_is_no_problem_document_is_told(client: httpx.AsyncClient) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(502, text="<html>bad gateway"))
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as proxied:
        with pytest.raises(RemoteError, match="bad gateway") as error:
            await remote(proxied).do("a", Sum(numbers=[1]), Total)
    assert (error.value.code, error.value.retry) == ("bad_answer", True)


@pytest.mark.parametrize(("id", "status"), [("..", 404), ("a b", 422), ("x" * 201, 422), ("ok-1._", 202)])
async def test_ids_are_plain(client: httpx.AsyncClient, id: str, status: int) -> None:
    assert (await client.put(f"/sums/{id}", json={"numbers": [1]})).status_code == status
