"""A service asked over HTTP, each of its answers held against what its own OpenAPI says."""

from __future__ import annotations

import re
from typing import Any

import httpx

from mle_star.service.app import PROBLEM
from mle_star.tasks.task import Problem

Schema = dict[str, Any]
_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "null": (type(None),),
}


class Documented:
    """Raises AssertionError for an answer that the service's OpenAPI does not describe."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client
        self.openapi: Schema = client.get("/openapi.json").json()

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        response = self._client.request(method, path, **more)
        operation = self._operation(method, response.request.url.path)
        if operation is None:
            problem_of(response)
        else:
            self._check(operation, response)
        return response

    def _operation(self, method: str, path: str) -> Schema | None:
        for template, operations in self.openapi["paths"].items():
            pattern = "".join("[^/]+" if part.startswith("{") else re.escape(part) for part in _parts(template))
            if re.fullmatch(pattern, path) and method.lower() in operations:
                found: Schema = operations[method.lower()]
                return found
        return None

    def _check(self, operation: Schema, response: httpx.Response) -> None:
        documented = operation["responses"]
        answer = documented.get(str(response.status_code), documented["default"])
        media = response.headers.get("content-type", "").partition(";")[0]
        if answer is documented["default"]:
            assert response.is_error, f"{response.status_code} is not documented for {operation['operationId']}"
            problem_of(response)
        elif content := answer.get("content"):
            assert media in content, f"{operation['operationId']} answers {media}, and documents {list(content)}"
            self.check(content[media]["schema"], response.json(), operation["operationId"])

    def check(self, schema: Schema, value: Any, where: str) -> None:
        """The part of JSON Schema that our models use."""
        if reference := schema.get("$ref"):
            schema = self.openapi["components"]["schemas"][reference.rpartition("/")[2]]
        if choices := schema.get("anyOf"):
            assert any(self._fits(choice, value, where) for choice in choices), f"{where}: {value!r} fits none"
            return
        if kind := schema.get("type"):
            fits = isinstance(value, _TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))
            assert fits, f"{where}: {value!r} is no {kind}"
        assert value in schema.get("enum", [value]), f"{where}: {value!r} is not one of {schema['enum']}"
        assert value == schema.get("const", value), f"{where}: {value!r} is not {schema['const']!r}"
        if isinstance(value, str):
            assert re.search(schema.get("pattern", ""), value), f"{where}: {value!r} is not {schema['pattern']}"
        if isinstance(value, (int, float)):
            assert schema.get("minimum", value) <= value <= schema.get("maximum", value), f"{where}: {value!r}"
        if isinstance(value, list) and "items" in schema:
            for item in value:
                self.check(schema["items"], item, f"{where}[]")
        if isinstance(value, dict):
            self._check_members(schema, value, where)

    def _check_members(self, schema: Schema, value: Schema, where: str) -> None:
        known, others = schema.get("properties", {}), schema.get("additionalProperties", "properties" not in schema)
        missing = set(schema.get("required", [])) - value.keys()
        assert not missing, f"{where} lacks {missing}"
        assert others or value.keys() <= known.keys(), f"{where} has {value.keys() - known.keys()}, undocumented"
        for name, member in value.items():
            inner = known.get(name, others)
            self.check(inner if isinstance(inner, dict) else {}, member, f"{where}.{name}")

    def _fits(self, schema: Schema, value: Any, where: str) -> bool:
        try:
            self.check(schema, value, where)
        except AssertionError:
            return False
        return True


def problem_of(response: httpx.Response) -> Problem:
    """The problem that an answer is, all of its members there, in one clear line that says what to do."""
    assert response.is_error
    assert response.headers["content-type"] == PROBLEM, response.text
    assert response.json().keys() == Problem.model_fields.keys()
    problem = Problem.model_validate_json(response.content, strict=True)
    assert problem.status == response.status_code
    assert problem.title
    assert problem.detail
    assert "\n" not in problem.detail
    assert (response.headers.get("retry-after") is not None) == problem.retry
    return problem


def _parts(template: str) -> list[str]:
    return [part for part in re.split(r"(\{\w+\})", template) if part]
