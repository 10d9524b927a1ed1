"""All five services, each asked over its own socket as its callers ask it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest

from tests.contract.documented import Documented
from tests.flow.apps import INNER, Apps, all_apps

Services = dict[str, Documented]


@pytest.fixture(scope="module")
def apps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apps]:
    with (
        pytest.MonkeyPatch.context() as monkeypatch,
        all_apps(tmp_path_factory.mktemp("contract") / "home", monkeypatch) as apps,
    ):
        yield apps


@pytest.fixture(scope="module")
def services(apps: Apps) -> Iterator[Services]:
    with ExitStack() as stack:
        found = {"orchestrator": Documented(apps.client)}
        for name in INNER:
            socket = getattr(apps.settings, f"{name}_url").removeprefix("unix:")
            client = httpx.Client(transport=httpx.HTTPTransport(uds=socket), base_url="http://service", timeout=30)
            found[name] = Documented(stack.enter_context(client))
        yield found
