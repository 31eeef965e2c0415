"""The description of the API (OpenAPI), as it really answers."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from rag.access.scope import NAME
from rag.api import openai_errors, rights
from rag.api.chat_schemas import CHAT_ERROR
from rag.api.problems import PROBLEM_RESPONSE

TAGS = [
    {"name": "documents", "description": "Take documents in, show and delete them."},
    {"name": "imports", "description": "Have files fetched instead of sending them."},
    {"name": "jobs", "description": "Follow, end and repeat the reading of documents."},
    {"name": "search", "description": "Passages that fit a query."},
    {"name": "ask", "description": "Answers with citations, whole or as events."},
    {"name": "feedback", "description": "What people think of answers."},
    {"name": "access", "description": "Keys of programs, and who one is."},
    {"name": "openai", "description": "What clients of OpenAI's API speak."},
    {"name": "health", "description": "What is running, and how it is."},
]
_REQUEST_ID = {
    "name": "X-Request-ID",
    "in": "header",
    "required": False,
    "description": "An id for the log, of up to 64 letters, digits, dots, dashes and underscores;"
    " another is replaced. The response has it too.",
    "schema": {"type": "string"},
}
_ANSWERED = {
    "x-request-id": {"description": "The id of the request.", "schema": {"type": "string"}}
}
_RETRY = {
    "retry-after": {
        "description": "Seconds after which a request that found the service busy may come again.",
        "schema": {"type": "integer"},
    }
}


_BEARER = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key: of `POST /v1/keys`, or the platform's own.",
    }
}
_TENANT = {
    "name": "X-Tenant",
    "in": "header",
    "required": False,
    "description": "For the platform's key: the tenant that the request is about.",
    "schema": {"type": "string", "pattern": NAME},
}


def install(app: FastAPI, *, secured: bool) -> None:
    """Describe `app` at /openapi.json. secured: whether it asks for keys."""

    def described() -> dict[str, Any]:
        if not app.openapi_schema:
            app.openapi_schema = _describe(app, secured=secured)
        return app.openapi_schema

    # FastAPI's documented way to extend the description.
    app.openapi = described  # type: ignore[method-assign]


def _describe(app: FastAPI, *, secured: bool) -> dict[str, Any]:
    made = get_openapi(
        title=app.title,
        version=app.version,
        summary=app.summary,
        routes=app.routes,
        tags=TAGS,
        servers=[{"url": "/", "description": "Where this description comes from"}],
    )
    for path, methods in made["paths"].items():
        for operation in methods.values():
            if secured and path not in rights.OPEN:
                _secure(path, operation)
            _complete(path, operation)
    if secured:
        made["components"]["securitySchemes"] = _BEARER
    # FastAPI's own errors are never sent.
    for name in ("HTTPValidationError", "ValidationError"):
        made["components"]["schemas"].pop(name, None)
    return made


def _secure(path: str, operation: dict[str, Any]) -> None:
    operation["security"] = [{"bearer": []}]
    operation.setdefault("parameters", []).append(_TENANT)
    openai = path.startswith(openai_errors.PATHS)
    # Before a request is judged, its key is looked up and counted.
    for status in ("401", "403", "422", "429", "503"):
        told = "400" if openai and status == "422" else status
        operation["responses"].setdefault(told, CHAT_ERROR if openai else PROBLEM_RESPONSE)


def _complete(path: str, operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    openai = path.startswith(openai_errors.PATHS)
    if responses.get("422") and not openai:
        responses["422"] = PROBLEM_RESPONSE
    elif openai:
        responses.pop("422", None)
    if "requestBody" in operation:
        for status in ("400", "413"):
            responses.setdefault(status, CHAT_ERROR if openai else PROBLEM_RESPONSE)
    operation.setdefault("parameters", []).append(_REQUEST_ID)
    for status, response in list(responses.items()):
        headers = _ANSWERED | (_RETRY if status == "503" and path.startswith("/v1/") else {})
        responses[status] = response | {"headers": response.get("headers", {}) | headers}
