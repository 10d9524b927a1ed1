"""Errors that a service answers with: application/problem+json (RFC 9457), each saying what to do."""

from __future__ import annotations

from mle_star.tasks.task import Problem


class ServiceError(Exception):
    """An answer with an error status. Subclasses set `status`, `code`, `title` and `retry`."""

    status = 500
    code = "internal_error"
    title = "Something went wrong inside"
    retry = False

    def __init__(self, detail: str, *, code: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code or self.code

    def problem(self) -> Problem:
        """Its detail in one line."""
        detail = " ".join(self.detail.splitlines())
        return Problem(title=self.title, status=self.status, code=self.code, detail=detail, retry=self.retry)


class BadInputError(ServiceError):
    status = 422
    code = "bad_input"
    title = "The input cannot be used"


class NotFoundError(ServiceError):
    status = 404
    code = "not_found"
    title = "There is no such thing"


class ConflictError(ServiceError):
    status = 409
    code = "conflict"
    title = "That cannot be done now"


class UnavailableError(ServiceError):
    """Something that the service needs did not answer: the same request may succeed later."""

    status = 503
    code = "unavailable"
    title = "Something that is needed did not answer"
    retry = True
