"""The FastAPI application that every service starts from."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Histogram, generate_latest
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

    @app.get("/readyz", tags=["health"])
    async def readyz(response: Response) -> dict[str, Any]:
        """Whether the service can do its work, and each thing that it depends on by name."""
        failed = {name: await probe() for name, probe in (needs or {}).items()}
        weak = {name: await probe() for name, probe in (likes or {}).items()}
        status = "degraded" if any(weak.values()) else "ok"
        if any(failed.values()):
            status, response.status_code = "unavailable", 503
        return {"status": status, "dependencies": {k: v or "ok" for k, v in {**failed, **weak}.items()}}

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


def _answer(problem: Problem) -> JSONResponse:
    headers = {"Retry-After": "1"} if problem.retry else None
    return JSONResponse(problem.model_dump(), status_code=problem.status, media_type=PROBLEM, headers=headers)


def _answer_problems(app: FastAPI) -> None:
    @app.exception_handler(ServiceError)
    async def known(_: Request, error: ServiceError) -> JSONResponse:
        return _answer(error.problem())

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        said = "; ".join(_say(one) for one in error.errors())
        return _answer(Problem(title="The request is not valid", status=422, code="bad_input", detail=said))

    @app.exception_handler(HTTPException)
    async def http(_: Request, error: HTTPException) -> JSONResponse:
        code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "http_error")
        detail = f"{error.detail}; the routes are listed at /docs"
        return _answer(Problem(title=str(error.detail), status=error.status_code, code=code, detail=detail))

    @app.exception_handler(Exception)
    async def unknown(request: Request, error: Exception) -> JSONResponse:
        log.error("request_failed", path=request.url.path, exc_info=error)
        detail = "this is a bug; the service's log has the traceback"
        return _answer(Problem(title=ServiceError.title, status=500, code=ServiceError.code, detail=detail, retry=True))


def _say(error: dict[str, Any]) -> str:
    if error["type"] == "json_invalid":
        return f"the body is not valid JSON ({error.get('ctx', {}).get('error', 'cannot be read')})"
    place = ".".join(str(part) for part in error["loc"] if part not in {"body", "query", "path"})
    message = str(error["msg"]).removeprefix("Value error, ")
    return f"{place}: {message}" if place else message


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
