"""The issuer of the cluster's service account tokens: its name, its keys, and its checks."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from rehearsal.aws.wire.answers import Receive, Scope, Send, answer
from rehearsal.names import ISSUER

Dict = dict[str, Any]

# What comes before a SHA-256 hash in a PKCS #1 v1.5 signature (RFC 8017, section 9.2).
SHA256_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
CLOCK_SKEW = 300
"""Seconds by which the issuer's clock may be ahead."""


class Refusal(Exception):
    """Why a token is not taken: AWS's error code and sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def adjust(eks: Any) -> None:
    """AWS: issuers are https://oidc.eks.<region>.amazonaws.com/id/<id>. eks: ministack's module.

    The first cluster gets the world's issuer, whose tokens its API server really signs.
    """
    made_up = eks._new_oidc_id
    prefix, world = ISSUER.rsplit("/", 1)

    def new_id() -> str:
        return str(made_up()) if is_known(eks, ISSUER) else world

    eks._new_oidc_id = new_id
    eks._issuer_url = lambda name: f"{prefix}/{name}"


def is_known(eks: Any, issuer: str) -> bool:
    """Whether a cluster has this issuer."""
    return any(
        cluster["identity"]["oidc"]["issuer"] == issuer for _, cluster in eks._clusters.all_items()
    )


class Issuer:
    """An ASGI application: discovery and keys of the world's issuer while a cluster has it.

    keys: the file with the JSON Web Key Set.
    """

    def __init__(self, eks: Any, keys: Path) -> None:
        self._eks = eks
        self._keys = keys
        self._path = "/id/" + ISSUER.rsplit("/", 1)[1]

    async def __call__(self, scope: Scope, _: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        document = self._document(scope["path"].rstrip("/"))
        if document is None or not is_known(self._eks, ISSUER):
            await answer(send, 404, {"message": "Not Found"})
        else:
            await answer(send, 200, document)

    def _document(self, path: str) -> Dict | None:
        if path == f"{self._path}/.well-known/openid-configuration":
            return discovery()
        if path == f"{self._path}/keys" and self._keys.exists():
            found: Dict = json.loads(self._keys.read_text())
            return found
        return None


def discovery() -> Dict:
    """What EKS publishes of an issuer."""
    return {
        "issuer": ISSUER,
        "jwks_uri": f"{ISSUER}/keys",
        "authorization_endpoint": "urn:kubernetes:programmatic_authorization",
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "claims_supported": ["sub", "iss"],
    }


def decode(text: str) -> bytes:
    """Base64 of the URL alphabet without its padding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def parts(token: str) -> tuple[Dict, Dict, bytes, bytes]:
    """(header, claims, what is signed, signature) of a JSON Web Token. Raises Refusal."""
    try:
        signed, signature = token.rsplit(".", 1)
        header, claims = (json.loads(decode(part)) for part in signed.split("."))
        if not isinstance(header, dict) or not isinstance(claims, dict):
            raise ValueError("not an object")
        return header, claims, signed.encode(), decode(signature)
    except ValueError:
        raise Refusal(
            "InvalidIdentityToken",
            "The ID Token provided is not a valid JWT. (You may see this error if you sent an "
            "Access Token)",
        ) from None


def is_signed_by(key: Mapping[str, str], signed: bytes, signature: bytes) -> bool:
    """RSASSA-PKCS1-v1_5 with SHA-256 (RS256). key: a JSON Web Key of type RSA."""
    modulus = int.from_bytes(decode(key["n"]), "big")
    size = (modulus.bit_length() + 7) // 8
    if len(signature) != size:
        return False
    number = pow(int.from_bytes(signature, "big"), int.from_bytes(decode(key["e"]), "big"), modulus)
    digest = SHA256_INFO + hashlib.sha256(signed).digest()
    wanted = b"\0\1" + b"\xff" * (size - len(digest) - 3) + b"\0" + digest
    return hmac.compare_digest(number.to_bytes(size, "big"), wanted)


def verify(token: str, keys: Collection[Mapping[str, str]], now: float | None = None) -> Dict:
    """The claims of a token that one of the issuer's keys has signed and that holds now.

    Raises Refusal in AWS's words.
    """
    header, claims, signed, signature = parts(token)
    known = [key for key in keys if key.get("kid") == header.get("kid")]
    if header.get("alg") != "RS256" or not known:
        raise Refusal(
            "InvalidIdentityToken",
            "Couldn't retrieve verification key from your identity provider,  please reference "
            "AssumeRoleWithWebIdentity documentation for requirements",
        )
    if not is_signed_by(known[0], signed, signature):
        raise Refusal("InvalidIdentityToken", "The token's signature is not valid")
    now = time.time() if now is None else now
    expires = claims.get("exp")
    if not isinstance(expires, int | float) or now >= expires:
        raise Refusal(
            "ExpiredTokenException",
            f"Token expired: current date/time {now:.0f} must be before the expiration "
            f"date/time {expires}",
        )
    if claims.get("nbf", 0) > now + CLOCK_SKEW:
        raise Refusal("InvalidIdentityToken", "The token is not valid yet")
    return claims


__all__ = ["Issuer", "Refusal", "adjust", "parts", "verify"]
