"""The service over HTTP: put, poll, problem+json."""

from __future__ import annotations

from typing import Any

import httpx
import numpy as np
import pytest
from mle_star_verifier.app import build_app

from mle_star.config import Settings
from mle_star.service.remote import RemoteError, RemoteWork
from mle_star.tasks.artifact import Artifact
from mle_star.tasks.verdict import Verdict


@pytest.fixture
def bench(make_bench: Any) -> Any:
    return make_bench({"y": np.arange(60.0)}, "mae")


@pytest.fixture
def client(bench: Any) -> httpx.AsyncClient:
    app = build_app(Settings(artifacts=bench.store.folder))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://verifier")


async def test_a_verdict_is_put_and_polled(bench: Any, client: httpx.AsyncClient) -> None:
    request = bench.request(bench.predictions("one", bench.truth() + 2, bench.truth()[:10]))
    verdict = await RemoteWork(client, "verdicts").do("id", request, Verdict)
    assert verdict.valid
    assert verdict.score == pytest.approx(2, abs=0.2)


async def test_labels_that_the_store_lacks_are_a_problem_with_a_code(bench: Any, client: httpx.AsyncClient) -> None:
    request = bench.request(bench.predictions("one", bench.truth(), bench.truth()[:10]))
    request.labels = Artifact(name="labels.parquet", digest="0" * 64, size=1)
    with pytest.raises(RemoteError) as raised:
        await RemoteWork(client, "verdicts").do("id", request, Verdict)
    assert (raised.value.status, raised.value.code) == (404, "artifact_missing")


async def test_a_score_cannot_be_sent(bench: Any, client: httpx.AsyncClient) -> None:
    """Nothing in a request says how good the predictions are: what is not predictions is not read."""
    request = bench.request(bench.predictions("one", bench.truth() + 2, bench.truth()[:10]))
    body = request.model_dump(mode="json") | {"score": 0.0, "output": "score 0.0"}
    body["predictions"][0]["score"] = 0.0
    await client.put("/verdicts/id", json=body)
    view = (await client.get("/verdicts/id", params={"wait": 20})).json()
    assert view["result"]["score"] == pytest.approx(2, abs=0.2)


async def test_it_is_ready_while_the_artifacts_are_there(bench: Any, client: httpx.AsyncClient) -> None:
    assert (await client.get("/readyz")).status_code == 200
    bench.store.folder.rename(bench.folder / "elsewhere")
    answer = await client.get("/readyz")
    assert answer.status_code == 503
    assert "is gone" in answer.json()["dependencies"]["artifacts"]
