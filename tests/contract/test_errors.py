"""Whatever is wrong with a request, every service answers with a problem that says what to do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import mle_star_orchestrator.app
import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mle_star.artifacts import ArtifactStore
from mle_star.config import Settings
from tests.contract.conftest import Services
from tests.contract.documented import problem_of
from tests.contract.requests import WORK, requests
from tests.flow.apps import INNER, Apps

NAMES = ["orchestrator", *INNER]
BODIES = [("orchestrator", "POST", "/tasks"), *((name, "PUT", f"/{kind}/odd") for kind, name in WORK.items())]
JSON = {"content-type": "application/json"}
few = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.mark.parametrize("name", NAMES)
def test_an_unknown_route(name: str, services: Services) -> None:
    for path in ("/", "/nowhere", "/tasks/a/b/c", "/livez/x", "/..%2f..%2fetc%2fpasswd", "//"):
        assert problem_of(services[name].ask("GET", path)).code == "not_found"


@pytest.mark.parametrize("name", NAMES)
def test_a_wrong_method(name: str, services: Services) -> None:
    answer = services[name].ask("POST", "/livez")
    assert problem_of(answer).status == 405
    assert answer.headers["allow"] == "GET"
    assert problem_of(services[name].ask("BREW", "/readyz")).code == "method_not_allowed"


@pytest.mark.parametrize(("name", "method", "path"), BODIES)
@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "JSON"),
        (b"{", "JSON"),
        (b"null", "JSON object"),
        (b"[1]", "JSON object"),
        (b'"x"', "JSON object"),
        (b"\xff\xfe", "JSON"),
        (b"[" * 100_000, "JSON"),
        (b'{"seed": ' + b"9" * 5000 + b"}", "JSON"),
        (b"{}", "Field required"),
        (b'{"competition": "\\ud800", "task_id": "\\ud800", "program": "\\ud800"}', "should be"),
        (b'{"competition": 1, "task_id": [], "program": 1, "seed": "x", "files": 3}', "should be"),
        (b'{"\\ud800": NaN, "a\\nb": Infinity, "seed": -1e999, "strategies": NaN, "minutes": NaN}', ""),
    ],
    ids=lambda value: repr(value[:12]) if isinstance(value, bytes) else None,
)
def test_a_body_that_cannot_be_read(
    body: bytes, says: str, name: str, method: str, path: str, services: Services
) -> None:
    answer = services[name].ask(method, path, content=body, headers=JSON)
    problem = problem_of(answer)
    assert problem.status in {400, 422}
    assert problem.code == "bad_input"
    assert says in problem.detail
    assert not problem.retry


@pytest.mark.parametrize(("name", "method", "path"), BODIES)
def test_a_body_that_is_sent_as_a_form(name: str, method: str, path: str, services: Services) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = services[name].ask(method, path, content=b'{"competition": "titanic"}', headers=headers)
    assert "content-type: application/json" in problem_of(answer).detail


ODD_IDS = [
    "%00",
    "%0A",
    "..%2F..",
    ".hidden",
    "-x",
    "a b",
    "é",
    "%F0%9F%92%A9",
    "%FF",
    "a" * 300,
    "a*",
    "'",
    "<b>",
    "a%0A",
]


@pytest.mark.parametrize("id", ODD_IDS)
def test_an_id_with_odd_characters(id: str, services: Services) -> None:
    routes = [("orchestrator", method, f"/tasks/{id}") for method in ("GET", "DELETE")]
    routes += [(name, method, f"/{kind}/{id}") for kind, name in WORK.items() for method in ("GET", "DELETE")]
    for name, method, path in routes:
        assert problem_of(services[name].ask(method, path)).status in {404, 422}, path


@few
@given(id=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20))
def test_any_id_is_answered_as_documented(id: str, services: Services) -> None:
    from urllib.parse import quote

    assert services["orchestrator"].ask("GET", f"/tasks/{quote(id, safe='')}").status_code in {200, 307, 404, 422}
    assert services["sandbox"].ask("GET", f"/executions/{quote(id, safe='')}").status_code in {200, 307, 404, 422}


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


@st.composite
def changed(draw: st.DrawFn, body: Any) -> Any:
    """The body with one thing in it, however deep, replaced by something else."""
    if not isinstance(body, dict | list) or not body or draw(st.integers(0, 3)) == 0:
        return draw(values)
    if isinstance(body, list):
        place = draw(st.integers(0, len(body) - 1))
        return [*body[:place], draw(changed(body[place])), *body[place + 1 :]]
    name = draw(st.sampled_from(sorted(body)))
    return {**body, name: draw(changed(body[name]))}


@pytest.fixture(scope="module")
def bodies(apps: Apps, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    store = ArtifactStore(apps.settings.artifacts_folder)
    made = requests(store, tmp_path_factory.mktemp("made"))
    return {kind: body.model_dump(mode="json") for kind, body in made.items()}


@pytest.mark.parametrize("kind", WORK)
@few
@given(data=st.data())
def test_any_body_is_answered_as_documented(
    kind: str, data: st.DataObject, services: Services, bodies: dict[str, Any]
) -> None:
    body = data.draw(changed(bodies[kind]))
    service, path = services[WORK[kind]], f"/{kind}/fuzzed"
    answer = service.ask("PUT", path, content=json.dumps(body), headers=JSON)
    if answer.is_success:
        assert service.ask("GET", path, params={"wait": 0.05}).status_code == 200
        assert service.ask("DELETE", path).status_code == 204
    else:
        assert problem_of(answer).status in {400, 422}


def test_without_redis_every_route_says_so_and_to_try_again(tmp_path: Path) -> None:
    app = mle_star_orchestrator.app.build_app(Settings(home=tmp_path, redis_url=f"unix://{tmp_path}/none.sock"))
    with TestClient(app) as client:
        answers = [
            client.post("/tasks", json={"competition": "titanic"}),
            client.get("/tasks"),
            client.get("/tasks/a"),
            client.delete("/tasks/a"),
            client.get("/tasks/a/artifacts"),
            client.get("/tasks/a/artifacts/b"),
        ]
    for answer in answers:
        problem = problem_of(answer)
        assert (problem.status, problem.code, problem.retry) == (503, "unavailable", True)
        assert "Redis" in problem.detail
