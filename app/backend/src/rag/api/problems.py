"""Errors as problem details (RFC 9457)."""

from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from rag import reports
from rag.api import openai_errors, places
from rag.api.leaving import ClientGoneError
from rag.errors import (
    BusyError,
    DependencyError,
    ForbiddenError,
    QueueFullError,
    RagError,
    RateLimitedError,
    UnauthorizedError,
)

log = structlog.get_logger(__name__)

_MOST_ERRORS = 10
_LONGEST_FIELD = 100
"""Errors of a request that are told, and characters of a field's name: the client chose both."""

_CRASHED = "an unexpected error; see the log"

PROBLEM_RESPONSE: dict[str, Any] = {
    "description": "A problem (RFC 9457)",
    "content": {
        "application/problem+json": {
            "schema": {
                "type": "object",
                "required": ["type", "title", "status"],
                "properties": {
                    "type": {"type": "string"},
                    "title": {"type": "string"},
                    "status": {"type": "integer"},
                    "detail": {"type": "string"},
                    "request_id": {"type": "string"},
                },
            }
        }
    },
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """These statuses as a route's `responses`."""
    return dict.fromkeys(statuses, PROBLEM_RESPONSE)


def problem(
    request: Request, status: int, kind: str, detail: str | None, **more: Any
) -> JSONResponse:
    """The response for an error: `application/problem+json`, or as OpenAI's API tells it."""
    if openai_errors.wanted(request):
        status, body = openai_errors.error(status, kind, detail or HTTPStatus(status).phrase)
        return JSONResponse(body, status)
    body = _body(status, kind, detail) | _id(request) | more
    return JSONResponse(body, status, media_type="application/problem+json")


def problem_of(request: Request, error: RagError) -> JSONResponse:
    """The response for an error; what is not the client's fault is logged."""
    if error.status >= 500:
        log.warning("request.failed", kind=error.kind, detail=error.detail)
    _shed(request, error)
    response = problem(request, error.status, error.kind, error.detail, **_more(error))
    response.headers.update(_headers(error))
    return response


def _headers(error: RagError) -> dict[str, str]:
    """What a client is told of an error beside its body (RFC 6750, RFC 9110)."""
    if isinstance(error, UnauthorizedError):
        invalid = ', error="invalid_token"' if error.invalid else ""
        return {"WWW-Authenticate": f'Bearer realm="rag"{invalid}'}
    if isinstance(error, ForbiddenError):
        return {"WWW-Authenticate": 'Bearer realm="rag", error="insufficient_scope"'}
    if isinstance(error, BusyError | RateLimitedError):
        return {"Retry-After": str(error.retry_after)}
    return {}


def details(request: Request, error: Exception) -> dict[str, Any]:
    """The problem that an error is, for a response that has begun; it is logged."""
    if isinstance(error, RagError):
        _shed(request, error)
        return described(error) | _id(request)
    crashed(request, error)
    return _body(500, "internal", _CRASHED) | _id(request)


def crashed(request: Request, error: Exception) -> JSONResponse:
    """The response for an error that nobody expected; it is logged and reported."""
    log.error("request.crashed", exc_info=error)
    reports.report(error, route=places.template(request.scope), **_id(request))
    return problem(request, 500, "internal", _CRASHED)


def _shed(request: Request, error: RagError) -> None:
    if isinstance(error, BusyError | RateLimitedError):
        reason = "queue-full" if isinstance(error, QueueFullError) else error.kind
        request.app.state.metrics.shed.labels(places.template(request.scope), reason).inc()


def described(error: RagError) -> dict[str, Any]:
    """The problem that an error is; what is not the client's fault is logged."""
    if error.status >= 500:
        log.warning("request.failed", kind=error.kind, detail=error.detail)
    return _body(error.status, error.kind, error.detail) | _more(error)


def _allowed(app: FastAPI, request: Request) -> list[str]:
    path = request.scope["path"]
    paths = app.openapi()["paths"]
    if path in paths:
        # A path of its own fits the template of another one, too, as /delete does /{document_id}.
        return sorted(method.upper() for method in paths[path])
    found: set[str] = set()
    for template, methods in paths.items():
        if compile_path(template)[0].match(path):
            found.update(method.upper() for method in methods)
    return sorted(found)


def _other_methods(app: FastAPI, request: Request) -> list[str]:
    """The methods of a path that lacks the request's: its name was taken for an id."""
    own = request.scope["path"] in app.openapi()["paths"]
    methods = _allowed(app, request) if own else []
    return [] if request.method in methods else methods


def _more(error: RagError) -> dict[str, Any]:
    return {"dependency": error.dependency} if isinstance(error, DependencyError) else {}


def _id(request: Request) -> dict[str, Any]:
    return {"request_id": request.scope.get("request_id", "")}


def _body(status: int, kind: str, detail: str | None) -> dict[str, Any]:
    title = HTTPStatus(status).phrase
    body: dict[str, Any] = {"type": f"urn:rag:problem:{kind}", "title": title, "status": status}
    return body | ({"detail": detail} if detail else {})


def install(app: FastAPI) -> None:
    """Make every error of `app` a problem document."""

    @app.exception_handler(RagError)
    async def on_rag_error(request: Request, error: RagError) -> JSONResponse:
        return problem_of(request, error)

    @app.exception_handler(HTTPException)
    async def on_http_error(request: Request, error: HTTPException) -> JSONResponse:
        response = problem(request, error.status_code, "http", str(error.detail))
        response.headers.update(error.headers or {})
        if error.status_code == 405 and (methods := _allowed(app, request)):
            # Routes of one path have a method each, and the first one knows its own alone.
            response.headers["Allow"] = ", ".join(methods)
        return response

    @app.exception_handler(RequestValidationError)
    async def on_invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        if methods := _other_methods(app, request):
            refused = problem(request, 405, "http", HTTPStatus(405).phrase)
            refused.headers["Allow"] = ", ".join(methods)
            return refused
        # Only where and why: the input itself may be a user's text.
        errors = [
            {"field": ".".join(map(str, item["loc"]))[:_LONGEST_FIELD], "reason": item["msg"]}
            for item in error.errors()[:_MOST_ERRORS]
        ]
        detail = "; ".join(f"{item['field']}: {item['reason']}" for item in errors)
        return problem(request, 422, "invalid-request", detail, errors=errors)

    @app.exception_handler(ClientGoneError)
    async def on_gone(_request: Request, _error: ClientGoneError) -> Response:
        return Response(status_code=499)

    @app.exception_handler(Exception)
    async def on_bug(request: Request, error: Exception) -> JSONResponse:
        return crashed(request, error)
