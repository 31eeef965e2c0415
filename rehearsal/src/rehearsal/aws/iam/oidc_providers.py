"""Changes of an OIDC provider of IAM, which ministack has no calls for."""

from __future__ import annotations

import functools
import hashlib
from typing import Any

from rehearsal.aws.wire.query import Action, Parameters, Response, listed, one

PREFIX = "OpenIDConnectProvider"


def adjust(iam: Any) -> None:
    """Add the calls. iam: ministack's module."""
    handlers: dict[str, Action] = iam._IAM_HANDLERS
    for action, change in (
        (f"AddClientIDTo{PREFIX}", add_audience),
        (f"RemoveClientIDFrom{PREFIX}", remove_audience),
        (f"Update{PREFIX}Thumbprint", replace_thumbprints),
        (f"Tag{PREFIX}", tag),
        (f"Untag{PREFIX}", untag),
    ):
        handlers[action] = functools.partial(changed, iam, action, change)
    create = handlers[f"Create{PREFIX}"]
    handlers[f"Create{PREFIX}"] = functools.partial(with_thumbprint, create)


def with_thumbprint(create: Action, parameters: Parameters) -> Response:
    """AWS finds the CA's thumbprint out when none is given. ministack keeps none."""
    if not listed(parameters, "ThumbprintList"):
        made = hashlib.sha1(one(parameters, "Url").encode(), usedforsecurity=False).hexdigest()
        parameters = {**parameters, "ThumbprintList.member.1": [made]}
    return create(parameters)


def changed(iam: Any, action: str, change: Any, parameters: Parameters) -> Response:
    """One call that changes a provider: NoSuchEntity without one, else an empty answer."""
    arn = one(parameters, f"{PREFIX}Arn")
    provider = iam._oidc_providers.get(arn)
    if provider is None:
        text = f"OpenIDConnect Provider not found for arn {arn}"
        refusal: Response = iam._error(404, "NoSuchEntity", text, ns="iam")
        return refusal
    change(iam, provider, parameters)
    answer: Response = iam._xml(200, f"{action}Response", "", ns="iam")
    return answer


def add_audience(_: Any, provider: dict[str, Any], parameters: Parameters) -> None:
    """AddClientIDToOpenIDConnectProvider: twice is no error."""
    known = [item for item in provider["ClientIDList"] if item != one(parameters, "ClientID")]
    provider["ClientIDList"] = [*known, one(parameters, "ClientID")]


def remove_audience(_: Any, provider: dict[str, Any], parameters: Parameters) -> None:
    """RemoveClientIDFromOpenIDConnectProvider: one that is not there is no error."""
    gone = one(parameters, "ClientID")
    provider["ClientIDList"] = [item for item in provider["ClientIDList"] if item != gone]


def replace_thumbprints(_: Any, provider: dict[str, Any], parameters: Parameters) -> None:
    """UpdateOpenIDConnectProviderThumbprint: the whole list."""
    provider["ThumbprintList"] = listed(parameters, "ThumbprintList")


def tag(iam: Any, provider: dict[str, Any], parameters: Parameters) -> None:
    """TagOpenIDConnectProvider."""
    new = iam._extract_tags(parameters)
    names = {item["Key"] for item in new}
    provider["Tags"] = [item for item in provider["Tags"] if item["Key"] not in names] + new


def untag(iam: Any, provider: dict[str, Any], parameters: Parameters) -> None:
    """UntagOpenIDConnectProvider."""
    gone = iam._extract_tag_keys(parameters)
    provider["Tags"] = [item for item in provider["Tags"] if item["Key"] not in gone]
