"""An OpenID Connect issuer, by its discovery document."""

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlsplit

import httpx2
import structlog

from rag.adapters import id_token
from rag.adapters.identity import Endpoints, SignInError, Tokens
from rag.errors import DependencyError
from rag.tls import client_context

log = structlog.get_logger(__name__)

_KEEP_SECONDS, _PAUSE_SECONDS = 3600.0, 2.0
"""How long the discovery document is good, and how long an issuer that failed is left alone."""
_LARGEST = 1 << 20
"""Bytes of a document of the issuer."""
_CODE = re.compile(r"[a-z_]{1,64}")


class OidcIssuer:
    """An `Issuer`. What it says of itself is asked for when it is needed and kept for an hour, or
    for longer where it is down then.
    """

    def __init__(
        self, name: str, client_id: str, secret: Callable[[], str], *, timeout: float
    ) -> None:
        """name: the issuer's URL; secret: asked at each sign-in, empty for a public client."""
        self.name = name
        self.client_id = client_id
        self._secret = secret
        # No redirects: a code or a secret goes where the discovery document says, and nowhere else.
        self._client = httpx2.AsyncClient(verify=client_context(), timeout=timeout)
        self._about: dict[str, Any] = {}
        self._asked = float("-inf")
        self._failure = ""
        self._keys: list[Mapping[str, Any]] = []
        self._lock = asyncio.Lock()

    async def endpoints(self) -> Endpoints:
        """As `Issuer`."""
        about = await self._metadata()
        return Endpoints(
            self._endpoint(about, "authorization_endpoint"),
            self._endpoint(about, "end_session_endpoint")
            if about.get("end_session_endpoint")
            else None,
            about.get("authorization_response_iss_parameter_supported") is True,
        )

    async def exchange(self, code: str, verifier: str, redirect_uri: str) -> Tokens:
        """As `Issuer`."""
        about = await self._metadata()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        headers = self._authenticated(about, form)
        url = self._endpoint(about, "token_endpoint")
        status, body = await self._json("POST", url, data=form, headers=headers)
        if status != 200:
            told = body.get("error")
            known = isinstance(told, str) and _CODE.fullmatch(told)
            raise SignInError("refused", f"the token endpoint says {told if known else status}")
        token, access = body.get("id_token"), body.get("access_token")
        if not isinstance(token, str):
            raise SignInError("refused", "the token endpoint sent no ID token")
        return Tokens(token, access if isinstance(access, str) else None)

    async def claims(self, token: str, nonce: str) -> Mapping[str, Any]:
        """As `Issuer`. A key that is not known yet is looked for at the issuer once more."""
        expected = id_token.Expected(self.name, self.client_id, nonce)
        if not id_token.candidates(token, self._keys):
            self._keys = await self._read_keys()
        return id_token.verified(token, self._keys, expected)

    async def more(self, access_token: str, subject: str) -> Mapping[str, Any]:
        """As `Issuer`: the UserInfo response; nothing where there is no such endpoint."""
        about = await self._metadata()
        if not about.get("userinfo_endpoint"):
            return {}
        headers = {"authorization": f"Bearer {access_token}", "accept": "application/json"}
        url = self._endpoint(about, "userinfo_endpoint")
        status, body = await self._json("GET", url, headers=headers)
        if status != 200 or body.get("sub") != subject:
            raise SignInError("refused", "the UserInfo response is not of who signed in")
        return body

    async def close(self) -> None:
        """Release connections."""
        await self._client.aclose()

    def _authenticated(self, about: Mapping[str, Any], form: dict[str, str]) -> dict[str, str]:
        """Headers that tell who we are (RFC 6749, 2.3.1); the form tells it where they do not."""
        secret = self._secret()
        ways = about.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        if secret and "client_secret_basic" in ways:
            user, password = quote(self.client_id, safe=""), quote(secret, safe="")
            pair = httpx2.BasicAuth(user, password)
            request = next(pair.auth_flow(httpx2.Request("POST", self.name)))
            return {"authorization": request.headers["authorization"]}
        form["client_id"] = self.client_id
        if secret:
            form["client_secret"] = secret
        return {}

    async def _metadata(self) -> Mapping[str, Any]:
        async with self._lock:
            keep = _KEEP_SECONDS if self._about else _PAUSE_SECONDS
            if time.monotonic() - self._asked > keep:
                await self._ask()
            if not self._about:
                raise DependencyError("oidc", self._failure)
            return self._about

    async def _ask(self) -> None:
        try:
            self._about = await self._discovered()
        except DependencyError as error:
            # Who waits for the same is told the same, and not after a time-out of each.
            self._failure = error.detail.removeprefix("oidc: ")
            log.warning("oidc.no_discovery", reason=self._failure, known=bool(self._about))
        self._asked = time.monotonic()

    async def _discovered(self) -> dict[str, Any]:
        url = f"{self.name.rstrip('/')}/.well-known/openid-configuration"
        status, body = await self._json("GET", url)
        if status != 200:
            raise DependencyError("oidc", f"the discovery document has status {status}")
        if body.get("issuer") != self.name:
            raise DependencyError("oidc", "the discovery document is another issuer's")
        return body

    async def _read_keys(self) -> list[Mapping[str, Any]]:
        about = await self._metadata()
        status, body = await self._json("GET", self._endpoint(about, "jwks_uri"))
        keys = body.get("keys")
        if status != 200 or not isinstance(keys, list):
            raise DependencyError("oidc", "there are no keys at jwks_uri")
        return [each for each in keys if isinstance(each, dict)]

    def _endpoint(self, about: Mapping[str, Any], name: str) -> str:
        url = about.get(name)
        schemes = ("https",) if self.name.startswith("https:") else ("https", "http")
        if not isinstance(url, str) or urlsplit(url).scheme not in schemes:
            raise DependencyError("oidc", f"the discovery document has no good {name}")
        return url

    async def _json(self, method: str, url: str, **more: Any) -> tuple[int, dict[str, Any]]:
        """Status and body, which is a JSON object of some length; else DependencyError."""
        try:
            async with self._client.stream(method, url, **more) as response:
                data = bytearray()
                async for piece in response.aiter_bytes():
                    data += piece
                    if len(data) > _LARGEST:
                        raise DependencyError("oidc", "the issuer's answer is too long")
            if response.status_code >= 500:
                raise DependencyError("oidc", f"the issuer answers with {response.status_code}")
            body = httpx2.Response(response.status_code, content=bytes(data)).json()
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            raise DependencyError("oidc", type(error).__name__) from error
        except (ValueError, RecursionError) as error:
            raise DependencyError("oidc", "the issuer's answer is no JSON") from error
        if not isinstance(body, dict):
            raise DependencyError("oidc", "the issuer's answer is no JSON object")
        return response.status_code, body
