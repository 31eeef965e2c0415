"""What sign-in needs from the world: who knows people, and where their sessions are kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

Reason = Literal["denied", "no-role", "refused", "stale", "unavailable"]
"""denied: by the issuer, or by who was asked; no-role: known, but without a role here; refused:
what the issuer sent does not hold; stale: the sign-in was not begun in this browser, or long ago;
unavailable: a server is down."""


class SignInError(Exception):
    """A sign-in that failed. `detail` is for the log: it has no token and nobody's name."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason: Reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the issuer gives for a code."""

    id_token: str
    access_token: str | None


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where people are sent to. logout: None where the issuer has no sign-out."""

    authorization: str
    logout: str | None
    names_itself: bool
    """Whether the issuer says who it is when it sends people back (RFC 9207)."""


class Issuer(Protocol):
    """Who knows people. Raises DependencyError('oidc') where it does not answer."""

    name: str
    client_id: str

    async def endpoints(self) -> Endpoints:
        """Where people are sent to."""

    async def exchange(self, code: str, verifier: str, redirect_uri: str) -> Tokens:
        """What a code is good for. Raises SignInError."""

    async def claims(self, id_token: str, nonce: str) -> Mapping[str, Any]:
        """What an ID token says, if all of it holds. Raises SignInError."""

    async def more(self, access_token: str, subject: str) -> Mapping[str, Any]:
        """What the issuer says of a person beside the ID token. Raises SignInError."""


class Sessions(Protocol):
    """Sessions by their secret texts. All errors are DependencyError('redis')."""

    async def add(self, data: bytes) -> str:
        """Keep a session; its secret text, of 256 bits."""

    async def get(self, token: str) -> bytes | None:
        """A session that has not ended; its idle time begins anew."""

    async def end(self, token: str) -> bytes | None:
        """End a session; what was kept of it."""
