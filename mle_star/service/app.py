"""The FastAPI application that every service starts from."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Literal

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Histogram, generate_latest
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from mle_star import __version__
from mle_star.service.errors import ServiceError
from mle_star.tasks.task import Problem

REQUESTS = Counter("mle_star_http_requests_total", "HTTP requests", ["service", "route", "method", "status"])
SECONDS = Histogram("mle_star_http_request_seconds", "Time to answer an HTTP request", ["service", "route"])
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
PROBLEM = "application/problem+json"

Probe = Callable[[], Awaitable[str | None]]
"""Answers None when all is well, else what is wrong and what to do about it."""

log = structlog.get_logger()


class Readiness(BaseModel):
    """`dependencies` has "ok", or what is wrong and what to do about it, by name."""

    status: Literal["ok", "degraded", "unavailable"]
    dependencies: dict[str, str]


def create_app(
    service: str,
    *,
    needs: Mapping[str, Probe] | None = None,
    likes: Mapping[str, Probe] | None = None,
    lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]] | None = None,
) -> FastAPI:
    """An app with /livez, /readyz and /metrics, problem+json errors and a task id on every log line.

    `needs` are what the service cannot do without: one that fails makes /readyz a 503. One of `likes` that
    fails is `degraded`, and the answer stays 200.
    """

    @asynccontextmanager
    async def nothing(_: FastAPI) -> AsyncIterator[None]:
        yield

    app = FastAPI(
        title=f"MLE-STAR {service}",
        version=__version__,
        lifespan=lifespan or nothing,
        responses={
            "default": {
                "description": "An error, with what to do about it",
                "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}},
            }
        },
    )
    _document_problems(app)
    _answer_problems(app)
    _observe(app, service)

    @app.get("/livez", tags=["health"])
    async def livez() -> dict[str, str]:
        """Whether the process answers at all."""
        return {"status": "ok"}

    @app.get("/readyz", tags=["health"], responses={503: {"model": Readiness, "description": "It cannot do its work"}})
    async def readyz(response: Response) -> Readiness:
        """Whether the service can do its work, and each thing that it depends on by name."""
        failed = {name: await probe() for name, probe in (needs or {}).items()}
        weak = {name: await probe() for name, probe in (likes or {}).items()}
        said = {name: wrong or "ok" for name, wrong in {**failed, **weak}.items()}
        if any(failed.values()):
            response.status_code = 503
            return Readiness(status="unavailable", dependencies=said)
        return Readiness(status="degraded" if any(weak.values()) else "ok", dependencies=said)

    @app.get("/metrics", tags=["health"], response_class=Response)
    async def metrics() -> Response:
        """Prometheus metrics."""
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return app


def _document_problems(app: FastAPI) -> None:
    made = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = made()
            schemas = schema.setdefault("components", {}).setdefault("schemas", {})
            schemas["Problem"] = Problem.model_json_schema()
            for path in schema["paths"].values():
                for operation in path.values():
                    operation["responses"].pop("422", None)
            schemas.pop("HTTPValidationError", None)
            schemas.pop("ValidationError", None)
        return app.openapi_schema or {}

    app.openapi = openapi  # type: ignore[method-assign]


def answer(problem: Problem, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """The problem as an HTTP answer."""
    headers = {**(headers or {}), **({"Retry-After": "1"} if problem.retry else {})}
    return JSONResponse(problem.model_dump(), status_code=problem.status, media_type=PROBLEM, headers=headers)


def _answer_problems(app: FastAPI) -> None:
    @app.exception_handler(ServiceError)
    async def known(_: Request, error: ServiceError) -> JSONResponse:
        return answer(error.problem())

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        said = "; ".join(_say(one) for one in error.errors())
        return answer(Problem(title="The request is not valid", status=422, code="bad_input", detail=said))

    @app.exception_handler(HTTPException)
    async def http(_: Request, error: HTTPException) -> JSONResponse:
        code = {400: "bad_input", 404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "http_error")
        detail = f"{error.detail}; the routes are listed at /docs"
        if error.status_code == 400:
            detail = "the body cannot be read: send JSON in UTF-8, with numbers and depth within reason"
        problem = Problem(title=str(error.detail), status=error.status_code, code=code, detail=detail)
        return answer(problem, error.headers)

    @app.exception_handler(Exception)
    async def unknown(request: Request, error: Exception) -> JSONResponse:
        log.error("request_failed", path=request.url.path, exc_info=error)
        detail = "this is a bug; the service's log has the traceback"
        return answer(Problem(title=ServiceError.title, status=500, code=ServiceError.code, detail=detail, retry=True))


def _say(error: dict[str, Any]) -> str:
    if error["type"] == "json_invalid":
        return f"the body is not valid JSON ({error.get('ctx', {}).get('error', 'cannot be read')})"
    if error["loc"] == ("body",) and error["type"] in {"missing", "model_attributes_type"}:
        return "the body must be a JSON object, sent with the header content-type: application/json"
    place = ".".join(str(part) for part in error["loc"] if part not in {"body", "query", "path"})
    message = str(error["msg"]).removeprefix("Value error, ")
    return " ".join((f"{place[:200]}: {message}" if place else message).split())


def _observe(app: FastAPI, service: str) -> None:
    @app.middleware("http")
    async def observe(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        started = time.perf_counter()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(service=service)
        if task := request.headers.get("x-task-id"):
            structlog.contextvars.bind_contextvars(task=task)
        status = 500
        try:
            response = await call_next(request)
            status = response.status_code
        finally:
            route = getattr(request.scope.get("route"), "path", "unknown")
            method = request.method if request.method in METHODS else "other"
            REQUESTS.labels(service, route, method, str(status)).inc()
            SECONDS.labels(service, route).observe(time.perf_counter() - started)
        return response
