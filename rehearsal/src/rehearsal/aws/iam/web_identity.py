"""sts:AssumeRoleWithWebIdentity with the checks that AWS makes of the token.

ministack evaluates the role's trust policy against the token's claims, but believes any
claims: neither the signature nor the provider is looked at.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Awaitable, Callable, Collection, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from rehearsal.aws.eks.token_issuer import Refusal, parts, verify
from rehearsal.names import ISSUER

Response = tuple[int, dict[str, str], bytes]
Handler = Callable[[str, str, Any, bytes, Any], Awaitable[Response]]
Form = Mapping[str, list[str]]


def adjust(sts: Any, iam: Any, keys: Path) -> None:
    """Put our handler before ministack's. keys: file with the world's JSON Web Key Set."""
    original: Handler = sts.handle_request
    sts._web_identity_principal = functools.partial(
        with_single_audience, sts._web_identity_principal
    )

    async def handle(method: str, path: str, headers: Any, body: bytes, query: Any) -> Response:
        form = {**query, **parse_qs(body.decode("utf-8", errors="replace"))}
        if first(form, "Action") != "AssumeRoleWithWebIdentity":
            return await original(method, path, headers, body, query)
        try:
            provider, claims = check(iam, keys, form)
        except Refusal as refusal:
            answer: Response = sts._error(400, refusal.code, str(refusal), ns="sts")
            return answer
        return told(await original(method, path, headers, body, query), provider, claims)

    sts.handle_request = handle


def with_single_audience(
    original: Callable[..., tuple[str, dict[str, Any]]], *arguments: str
) -> tuple[str, dict[str, Any]]:
    """AWS: an audience in a list of one, as Kubernetes writes it, is that audience."""
    provider, keys = original(*arguments)
    single = {
        name: value[0] if isinstance(value, list) and len(value) == 1 else value
        for name, value in keys.items()
    }
    return provider, single


def first(form: Form, name: str) -> str:
    """A parameter's first value."""
    values = form.get(name) or [""]
    return str(values[0] if isinstance(values, list) else values)


def check(iam: Any, keys: Path, form: Form) -> tuple[str, dict[str, Any]]:
    """(the provider's ARN, the token's claims) of a token that AWS takes. Raises Refusal."""
    token = first(form, "WebIdentityToken")
    issuer = str(parts(token)[1].get("iss", ""))
    account = first(form, "RoleArn").split(":")[4:5]
    name = issuer.split("://", 1)[-1].rstrip("/")
    arn = f"arn:aws:iam::{account[0] if account else ''}:oidc-provider/{name}"
    provider = iam._oidc_providers.get_scoped(account[0], None, arn) if account else None
    if not issuer.startswith("https://") or provider is None:
        raise Refusal(
            "InvalidIdentityToken", f"No OpenIDConnect provider found in your account for {issuer}"
        )
    claims = verify(token, published(issuer, keys))
    if not audiences(claims) & set(provider["ClientIDList"]):
        raise Refusal("InvalidIdentityToken", "Incorrect token audience")
    return arn, claims


def published(issuer: str, keys: Path) -> Collection[Mapping[str, str]]:
    """The keys that an issuer publishes. The world reaches its own one only."""
    if issuer != ISSUER or not keys.exists():
        return []
    found: list[dict[str, str]] = json.loads(keys.read_text())["keys"]
    return found


def audiences(claims: Mapping[str, Any]) -> set[str]:
    """Whom a token is meant for."""
    found = claims.get("aud", [])
    return {found} if isinstance(found, str) else set(found)


def told(response: Response, provider: str, claims: Mapping[str, Any]) -> Response:
    """AWS says whose token it was and who vouched for it. ministack says `test-subject`."""
    status, headers, body = response
    if status != 200:
        return response
    text = body.decode()
    for name, value in (
        ("SubjectFromWebIdentityToken", str(claims.get("sub", ""))),
        ("Audience", ",".join(sorted(audiences(claims)))),
        ("Provider", provider),
    ):
        before, opened, rest = text.partition(f"<{name}>")
        after = rest.partition(f"</{name}>")[2]
        text = f"{before}{opened}{escape(value)}</{name}>{after}"
    return status, headers, text.encode()
