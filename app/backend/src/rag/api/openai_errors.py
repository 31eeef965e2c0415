"""Errors in the form of OpenAI's API, for the routes that speak as it does."""

from typing import Any

from starlette.requests import Request

PATHS = ("/v1/chat/completions", "/v1/models")
_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
    503: "service_unavailable_error",
}


def wanted(request: Request) -> bool:
    """Whether the request is for one of these routes."""
    return request.url.path.startswith(PATHS)


def error(status: int, kind: str, detail: str) -> tuple[int, dict[str, Any]]:
    """Status and body: what does not fit the schema is 400 there."""
    status = 400 if status == 422 else status
    fallback = "server_error" if status >= 500 else "invalid_request_error"
    code = kind.replace("-", "_")
    body = {
        "message": detail,
        "type": _TYPES.get(status, fallback),
        "param": None,
        "code": code,
    }
    return status, {"error": body}
