"""Whether an ID token holds (OpenID Connect Core, 3.1.3.7)."""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jwt

from rag.adapters.identity import SignInError

# Signatures by a key of the issuer's alone: neither `none`, nor HMAC, whose key is no secret when
# it is a public one.
_ALGORITHMS = {
    "RS256": "RSA",
    "RS384": "RSA",
    "RS512": "RSA",
    "PS256": "RSA",
    "PS384": "RSA",
    "PS512": "RSA",
    "ES256": "EC",
    "ES384": "EC",
    "ES512": "EC",
    "EdDSA": "OKP",
}
_LEEWAY_SECONDS = 60
_REQUIRED = ["iss", "sub", "aud", "exp", "iat", "nonce"]
_LONGEST = 64 * 1024


@dataclass(frozen=True, slots=True)
class Expected:
    """Whose token it must be, for whom, and for which sign-in."""

    issuer: str
    client_id: str
    nonce: str


def candidates(token: str, keys: Sequence[Mapping[str, Any]]) -> list[jwt.PyJWK]:
    """The keys that may have signed a token, by its header. Raises SignInError."""
    algorithm, kid = _header(token)
    found = []
    for each in keys:
        named = kid is None or each.get("kid") == kid
        fits = each.get("kty") == _ALGORITHMS[algorithm] and each.get("use", "sig") == "sig"
        if named and fits and each.get("alg", algorithm) == algorithm:
            try:
                found.append(jwt.PyJWK(dict(each), algorithm))
            except jwt.PyJWTError as error:
                raise SignInError("refused", "the issuer has a key that is none") from error
    return found


def verified(token: str, keys: Sequence[Mapping[str, Any]], expected: Expected) -> dict[str, Any]:
    """The claims of a token of which everything holds. Raises SignInError."""
    known = candidates(token, keys)
    if not known:
        raise SignInError("refused", "the issuer has no key that the ID token names")
    last: Exception | None = None
    for key in known:
        try:
            return _claims(token, key, expected)
        except jwt.InvalidSignatureError as error:
            last = error
        except jwt.PyJWTError as error:
            raise SignInError("refused", f"the ID token: {type(error).__name__}") from error
    raise SignInError("refused", "the ID token: InvalidSignatureError") from last


def _header(token: str) -> tuple[str, str | None]:
    if len(token) > _LONGEST:
        raise SignInError("refused", "the ID token is too long")
    try:
        header = jwt.get_unverified_header(token)
    except jwt.PyJWTError as error:
        raise SignInError("refused", "the ID token is none") from error
    algorithm, kid = header.get("alg"), header.get("kid")
    if not isinstance(algorithm, str) or algorithm not in _ALGORITHMS:
        raise SignInError("refused", "the ID token is signed in a way that is not taken")
    return algorithm, kid


def _claims(token: str, key: jwt.PyJWK, expected: Expected) -> dict[str, Any]:
    claims = jwt.decode(
        token,
        key,
        algorithms=list(_ALGORITHMS),
        audience=expected.client_id,
        issuer=expected.issuer,
        leeway=_LEEWAY_SECONDS,
        options={"require": _REQUIRED},
    )
    if not hmac.compare_digest(str(claims["nonce"]).encode(), expected.nonce.encode()):
        raise SignInError("refused", "the ID token is of another sign-in")
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if (several or "azp" in claims) and claims.get("azp") != expected.client_id:
        raise SignInError("refused", "the ID token is for another client")
    return claims
