"""Sign people in and out, and tell who has a session."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

import structlog

from rag.access.scope import Principal, Scope
from rag.adapters.identity import Issuer, Sessions, SignInError
from rag.errors import DependencyError, ForbiddenError, UnauthorizedError
from rag.signin import flow
from rag.signin.claims import Rules

log = structlog.get_logger(__name__)

CALLBACK = "/api/v1/auth/callback"
"""Where the issuer sends people back to: the frontend's server hands it on to ours."""


@dataclass(frozen=True, slots=True)
class Begun:
    """url: where the browser goes to; binder: the secret that it keeps meanwhile."""

    url: str
    binder: str


@dataclass(frozen=True, slots=True)
class Finished:
    """token: the session's secret text; next: a path of our own pages."""

    token: str
    next: str
    principal: Principal


@dataclass(frozen=True, slots=True)
class Answer:
    """What the issuer sent the browser back with."""

    state: str
    code: str | None = None
    error: str | None = None
    issuer: str | None = None


class SignIn:
    """The authorization code flow with PKCE, state and nonce (OpenID Connect Core)."""

    def __init__(
        self,
        issuer: Issuer,
        sessions: Sessions,
        rules: Rules,
        *,
        pages: str,
        scopes: str,
        logout_url: str | None,
    ) -> None:
        """pages: where people reach the frontend; logout_url: the issuer's sign-out, as it is."""
        self._issuer = issuer
        self._sessions = sessions
        self._rules = rules
        self._pages = pages
        self._scopes = scopes
        self._logout_url = logout_url

    async def begin(self, binder: str | None, path: str | None) -> Begun:
        """Begin a sign-in that ends at `path`. Raises SignInError."""
        secret = flow.binder(binder)
        begun = flow.begun(secret, path)
        try:
            endpoint = (await self._issuer.endpoints()).authorization
        except DependencyError as error:
            raise SignInError("unavailable", error.detail) from error
        asked = {
            "response_type": "code",
            "client_id": self._issuer.client_id,
            "redirect_uri": self._pages + CALLBACK,
            "scope": self._scopes,
            "state": begun.state,
            "nonce": begun.nonce,
            "code_challenge": begun.challenge,
            "code_challenge_method": "S256",
        }
        return Begun(_with(endpoint, asked), secret)

    async def finish(self, binder: str | None, answer: Answer, old: str | None) -> Finished:
        """End a sign-in. old: a session that this browser has, which ends. Raises SignInError."""
        begun = flow.resumed(binder, answer.state)
        try:
            if (await self._issuer.endpoints()).names_itself or answer.issuer is not None:
                _require(answer.issuer == self._issuer.name, "the answer is another issuer's")
            if answer.error is not None or not answer.code:
                raise SignInError("denied", "the issuer sent no code")
            principal, id_token = await self._person(answer.code, begun)
            token = await self._sessions.add(_packed(principal, id_token))
            if old:
                await self._sessions.end(old)
        except DependencyError as error:
            raise SignInError("unavailable", error.detail) from error
        return Finished(token, begun.next, principal)

    async def _person(self, code: str, begun: flow.Flow) -> tuple[Principal, str]:
        tokens = await self._issuer.exchange(code, begun.verifier, self._pages + CALLBACK)
        claims = await self._issuer.claims(tokens.id_token, begun.nonce)
        if not self._rules.complete(claims) and tokens.access_token:
            more = await self._issuer.more(tokens.access_token, str(claims["sub"]))
            # What is signed goes before what is not.
            claims = {**more, **claims}
        return self._rules.principal(claims), tokens.id_token

    async def principal(self, token: str, tenant: str | None) -> Principal:
        """Who has a session. Raises UnauthorizedError, ForbiddenError or DependencyError."""
        data = await self._sessions.get(token)
        if data is None:
            raise UnauthorizedError("the session has ended: sign in again", invalid=True)
        kept = json.loads(data)
        if tenant and tenant != kept["tenant"]:
            raise ForbiddenError("the session is of another tenant than X-Tenant names")
        return Principal(kept["id"], kept["name"], kept["role"], Scope(kept["tenant"]))

    async def end(self, token: str) -> str | None:
        """End a session; where the browser goes to sign out of the issuer, too, if anywhere.

        Raises DependencyError.
        """
        data = await self._sessions.end(token)
        if data is None or self._logout_url:
            return self._logout_url
        try:
            endpoint = (await self._issuer.endpoints()).logout
        except DependencyError as error:
            # The session here has ended, which is what counts.
            log.warning("signin.no_logout_at_issuer", reason=error.detail)
            return None
        told = {
            "id_token_hint": json.loads(data)["id_token"],
            "client_id": self._issuer.client_id,
            "post_logout_redirect_uri": f"{self._pages}/sign-in",
        }
        return _with(endpoint, told) if endpoint else None


def _packed(principal: Principal, id_token: str) -> bytes:
    kept = {
        "id": principal.id,
        "name": principal.name,
        "role": principal.role,
        "tenant": principal.scope.tenant,
        "id_token": id_token,
    }
    return json.dumps(kept).encode()


def _with(endpoint: str, parameters: Mapping[str, str]) -> str:
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(parameters)}"


def _require(holds: bool, detail: str) -> None:
    if not holds:
        raise SignInError("refused", detail)
