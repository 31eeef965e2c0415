"""Errors as problem details (RFC 9457)."""

from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from rag.errors import BusyError, DependencyError, RagError

log = structlog.get_logger(__name__)

_MOST_ERRORS = 10
_LONGEST_FIELD = 100
"""Errors of a request that are told, and characters of a field's name: the client chose both."""

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


def problem(
    request: Request, status: int, kind: str, detail: str | None, **more: Any
) -> JSONResponse:
    """The response for an error: `application/problem+json`."""
    title = HTTPStatus(status).phrase
    body = {"type": f"urn:rag:problem:{kind}", "title": title, "status": status}
    body |= {"detail": detail} if detail else {}
    body |= {"request_id": request.scope.get("request_id", "")} | more
    return JSONResponse(body, status, media_type="application/problem+json")


def install(app: FastAPI) -> None:
    """Make every error of `app` a problem document."""

    @app.exception_handler(RagError)
    async def on_rag_error(request: Request, error: RagError) -> JSONResponse:
        if error.status >= 500:
            log.warning("request.failed", kind=error.kind, detail=error.detail)
        more = {"dependency": error.dependency} if isinstance(error, DependencyError) else {}
        response = problem(request, error.status, error.kind, error.detail, **more)
        if isinstance(error, BusyError):
            response.headers["Retry-After"] = str(error.retry_after)
        return response

    @app.exception_handler(HTTPException)
    async def on_http_error(request: Request, error: HTTPException) -> JSONResponse:
        response = problem(request, error.status_code, "http", str(error.detail))
        response.headers.update(error.headers or {})
        return response

    @app.exception_handler(RequestValidationError)
    async def on_invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        # Only where and why: the input itself may be a user's text.
        errors = [
            {"field": ".".join(map(str, item["loc"]))[:_LONGEST_FIELD], "reason": item["msg"]}
            for item in error.errors()[:_MOST_ERRORS]
        ]
        detail = "; ".join(f"{item['field']}: {item['reason']}" for item in errors)
        return problem(request, 422, "invalid-request", detail, errors=errors)

    @app.exception_handler(Exception)
    async def on_bug(request: Request, error: Exception) -> JSONResponse:
        log.error("request.crashed", exc_info=error)
        return problem(request, 500, "internal", "an unexpected error; see the log")
