"""The audit log: a line for each request that changes something, or that is refused."""

import structlog
from starlette.types import Scope

from rag.access.scope import Principal
from rag.api import places, rights

log = structlog.get_logger("rag.audit")

_REFUSED = frozenset({401, 403, 429})


def note(scope: Scope, status: int) -> None:
    """Write the line of a request that is about to be answered: who, where, what; no text of it."""
    method, path = str(scope["method"]), str(scope["path"])
    changes = rights.role_for(method, path) != "reader" and method not in ("GET", "HEAD", "OPTIONS")
    if not changes and status not in _REFUSED:
        return
    principal: Principal | None = scope.get("principal")
    route, found = places.place(scope)
    client = scope.get("client")
    log.info(
        "audit",
        outcome="refused" if status in _REFUSED else "failed" if status >= 400 else "done",
        status=status,
        method=method,
        route=route,
        # What else stands there is not logged.
        object={name: value for name, value in found.items() if _is_id(value)},
        key=principal.id if principal else None,
        role=principal.role if principal else None,
        tenant=principal.scope.tenant if principal else None,
        address=client[0] if client else None,
    )


def sign_in(scope: Scope, outcome: str, reason: str | None = None) -> None:
    """Write the line of somebody who came in, or did not."""
    principal: Principal | None = scope.get("principal")
    client = scope.get("client")
    log.info(
        "audit",
        outcome=outcome,
        reason=reason,
        method=scope["method"],
        route=scope["path"],
        key=principal.id if principal else None,
        role=principal.role if principal else None,
        tenant=principal.scope.tenant if principal else None,
        address=client[0] if client else None,
    )


def _is_id(value: str) -> bool:
    return len(value) <= 64 and value.isascii() and value.isalnum()
