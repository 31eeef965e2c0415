"""What ties an answer of the issuer to the browser in which the sign-in was begun.

Nothing is kept here meanwhile, so that strangers who begin sign-ins fill no memory. The browser
has a secret in a cookie; what the issuer sees is made of it and of a random number in `state`.
"""

import base64
import binascii
import hashlib
import hmac
import re
import secrets
import time
from dataclasses import dataclass

from rag.adapters.identity import SignInError

SECONDS = 600
"""How long a sign-in may take at the issuer."""
_LONGEST = 512
"""Characters of a path that is gone to after the sign-in."""
_BINDER = re.compile(r"[A-Za-z0-9_-]{43}")
# Browsers take a backslash for a slash, and drop tabs and ends of lines.
_LOCAL = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")


@dataclass(frozen=True, slots=True)
class Flow:
    """A sign-in that was begun. verifier: of PKCE; next: the path that is gone to afterwards."""

    state: str
    nonce: str
    verifier: str
    next: str

    @property
    def challenge(self) -> str:
        """What the issuer is told of the verifier (RFC 7636, S256)."""
        return _text(hashlib.sha256(self.verifier.encode()).digest())


def local(path: str | None) -> str:
    """A path of our own pages; the first page in place of anything else."""
    if not path or len(path) > _LONGEST or not _LOCAL.fullmatch(path):
        return "/"
    return "/" if path.startswith("/api/") else path


def binder(given: str | None) -> str:
    """The browser's secret, or a new one of 256 bits. Sign-ins in several tabs share it."""
    return given if given and _BINDER.fullmatch(given) else secrets.token_urlsafe(32)


def begun(secret: str, path: str | None) -> Flow:
    """A new sign-in of the browser with this secret."""
    head = f"{int(time.time()):x}.{secrets.token_urlsafe(16)}.{_text(local(path).encode())}"
    return _flow(secret, head)


def resumed(secret: str | None, state: str) -> Flow:
    """The sign-in that a state belongs to. Raises SignInError for one that this browser lacks."""
    head, _dot, _mac = state.rpartition(".")
    if not secret or not _BINDER.fullmatch(secret) or head.count(".") != 2:
        raise SignInError("stale", "the browser has begun no sign-in")
    flow = _flow(secret, head)
    if not hmac.compare_digest(flow.state.encode(), state.encode("utf-8", "replace")):
        raise SignInError("stale", "the state is not of this browser")
    if time.time() - int(head.partition(".")[0], 16) > SECONDS:
        raise SignInError("stale", "the sign-in took too long")
    return flow


def _flow(secret: str, head: str) -> Flow:
    try:
        path = base64.urlsafe_b64decode(head.rpartition(".")[2] + "==").decode()
    except (binascii.Error, ValueError):
        path = ""
    return Flow(
        state=f"{head}.{_derived(secret, 'state', head)}",
        nonce=_derived(secret, "nonce", head),
        verifier=_derived(secret, "verifier", head),
        next=local(path),
    )


def _derived(secret: str, what: str, head: str) -> str:
    return _text(
        hmac.digest(secret.encode(), f"{what}:{head}".encode("utf-8", "replace"), "sha256")
    )


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
