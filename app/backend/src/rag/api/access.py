"""Asks every request for its key, before anything of its body is read, and counts it."""

import re
from collections.abc import Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rag.access.limits import Kind, Taken
from rag.access.scope import ANONYMOUS, NAME, PLATFORM, Principal
from rag.api import audit, csrf, rights
from rag.api.bodies import limited, takes_files
from rag.api.cookies import cookies_of
from rag.api.problems import problem_of
from rag.errors import (
    ForbiddenError,
    InvalidRequestError,
    RagError,
    RateLimitedError,
    TooLargeError,
)
from rag.lifespan import AppState

_TENANT = re.compile(NAME)
_LONGEST_KEY = 512


class AccessMiddleware:
    """Pure ASGI: streams pass through untouched. A request that passes has a principal."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        if scope["type"] != "http" or scope["path"] in rights.OPEN:
            return await self._app(scope, receive, send)
        told = _Told(scope, send)
        try:
            state: AppState = scope["app"].state.rag
            principal = await _admitted(scope, state)
            scope["principal"] = principal
            kind = rights.kind_of(scope["method"], scope["path"])
            told.kind = kind
            told.taken = await state.limits.take(*_counted(scope, principal, kind))
            _check(told.taken, kind)
            receive = _measured(scope, receive, principal)
        except RagError as error:
            return await problem_of(Request(scope), error)(scope, receive, told)
        await self._app(scope, receive, told)


class _Told:
    """Sends a response with the state of the limit that its request met, and notes its status."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope, self._send = scope, send
        self.taken: Taken | None = None
        self.kind: Kind | None = None

    async def __call__(self, message: Message) -> None:
        """Send a part of the response."""
        if message["type"] == "http.response.start":
            audit.note(self._scope, message["status"])
            if self.taken:
                headers = MutableHeaders(scope=message)
                headers["ratelimit-policy"] = f'"{self.kind}";q={self.taken.quota};w=60'
                headers["ratelimit"] = f'"{self.kind}";r={self.taken.left};t={self.taken.seconds}'
        await self._send(message)


async def _admitted(scope: Scope, state: AppState) -> Principal:
    """Who sends the request, if they may. Raises RagError."""
    headers = Headers(scope=scope)
    session = _session(headers, state)
    if session and state.signing:
        csrf.check(scope["method"], headers, str(state.settings.frontend_url))
        principal = await state.signing.principal(session, _tenant(headers))
    else:
        principal = await state.access.principal(_key(headers), _tenant(headers))
    # For the log alone, where the role does not suffice.
    scope["principal"] = principal
    role = rights.role_for(scope["method"], scope["path"])
    if not principal.may(role):
        raise ForbiddenError(f"this needs the role {role}, and yours is {principal.role}")
    return principal


def _counted(
    scope: Scope, principal: Principal, kind: Kind
) -> tuple[str, Kind, Mapping[str, int] | None]:
    """Whose request it is, as what it counts, and what quotas are its sender's own."""
    if principal is ANONYMOUS:
        client = scope.get("client")
        return f"address:{client[0] if client else ''}", kind, None
    if principal.id == PLATFORM:
        # The frontend sends everybody's requests with it.
        return PLATFORM, kind, dict.fromkeys(("ask", "upload", "read", "admin"), 0)
    return principal.id, kind, principal.quotas


def _check(taken: Taken | None, kind: Kind) -> None:
    if taken and not taken.allowed:
        detail = f"a key may send {taken.quota} requests of the kind {kind} in a minute"
        raise RateLimitedError(detail, taken.seconds)


def _measured(scope: Scope, receive: Receive, principal: Principal) -> Receive:
    """Reads an upload up to the key's own limit. Raises TooLargeError."""
    most = principal.most_bytes
    if most is None or not takes_files(scope["method"], scope["path"]):
        return receive
    detail = f"the key may send {most} bytes in a request"
    length = Headers(scope=scope).get("content-length", "0")
    if length.isdigit() and int(length) > most:
        raise TooLargeError(detail)
    return limited(receive, most, detail)


def _key(headers: Mapping[str, str]) -> str | None:
    scheme, _space, key = headers.get("authorization", "").partition(" ")
    key = key.strip()
    return key if scheme.lower() == "bearer" and len(key) <= _LONGEST_KEY else None


def _session(headers: Mapping[str, str], state: AppState) -> str | None:
    """The secret text of a person's session; a key goes before it."""
    if state.signing is None or "authorization" in headers:
        return None
    cookies = cookies_of(state.settings)
    return cookies.read(headers, cookies.session)


def _tenant(headers: Mapping[str, str]) -> str | None:
    given = headers.get("x-tenant")
    if given is not None and not _TENANT.fullmatch(given):
        raise InvalidRequestError("X-Tenant: must be a name of letters, digits, . _ and -")
    return given
