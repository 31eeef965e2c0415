"""The audit log: a line for each request that changes something, or that is refused."""

from functools import lru_cache
from re import Pattern

import structlog
from starlette.routing import compile_path
from starlette.types import Scope

from rag.access.scope import Principal
from rag.api import rights

log = structlog.get_logger("rag.audit")

_REFUSED = frozenset({401, 403, 429})


def note(scope: Scope, status: int) -> None:
    """Write the line of a request that is about to be answered: who, where, what; no text of it."""
    method, path = str(scope["method"]), str(scope["path"])
    changes = rights.role_for(method, path) != "reader" and method not in ("GET", "HEAD", "OPTIONS")
    if not changes and status not in _REFUSED:
        return
    principal: Principal | None = scope.get("principal")
    route, found = _place(scope)
    client = scope.get("client")
    log.info(
        "audit",
        outcome="refused" if status in _REFUSED else "failed" if status >= 400 else "done",
        status=status,
        method=method,
        route=route,
        object=found,
        key=principal.id if principal else None,
        role=principal.role if principal else None,
        tenant=principal.scope.tenant if principal else None,
        address=client[0] if client else None,
    )


def _place(scope: Scope) -> tuple[str, dict[str, str]]:
    """The template of a request's path, and the ids in it: what else stands there is not logged."""
    path = str(scope["path"])
    paths = scope["app"].openapi()["paths"]
    if path in paths:
        return path, {}
    for template in paths:
        if found := _pattern(template).match(path):
            ids = {name: value for name, value in found.groupdict().items() if _is_id(value)}
            return template, ids
    return getattr(scope.get("route"), "path", "unmatched"), {}


def _is_id(value: str) -> bool:
    return len(value) <= 64 and value.isascii() and value.isalnum()


@lru_cache(maxsize=200)
def _pattern(template: str) -> Pattern[str]:
    return compile_path(template)[0]
