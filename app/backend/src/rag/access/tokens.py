"""API keys as texts: `rag_<id>_<secret>`, of which the database knows the id and a hash alone."""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

_KEY = re.compile(r"rag_([0-9a-f]{16})_([0-9a-f]{64})")
_NOBODY = bytes(32)


@dataclass(frozen=True, slots=True)
class Token:
    """A key's public id, and the SHA-256 of its secret."""

    id: str
    digest: bytes


def made() -> tuple[Token, str]:
    """A new key, and its text, which is shown once and not kept. Its secret has 256 bits."""
    identity, secret = secrets.token_hex(8), secrets.token_hex(32)
    return Token(identity, _digest(secret)), f"rag_{identity}_{secret}"


def parsed(text: str) -> Token | None:
    """The key that a text is; None where it is none."""
    found = _KEY.fullmatch(text)
    return Token(found[1], _digest(found[2])) if found else None


def same(given: bytes, kept: bytes | None) -> bool:
    """Whether two digests are equal; takes as long where none is kept."""
    return hmac.compare_digest(given, kept if kept is not None else _NOBODY) and kept is not None


def equal(given: str, kept: str) -> bool:
    """Whether two texts are equal; how long it takes tells nothing of either."""
    return hmac.compare_digest(_digest(given), _digest(kept))


def _digest(text: str) -> bytes:
    # A random secret of this length needs no slow hash: nobody can try all of them.
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
