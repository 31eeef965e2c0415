# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""OIDC providers of IAM."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import ownership
from .aws import Dict, call, tag_changes, tag_dict
from .aws import create as aws_create

Outcome = tuple[bool, str | None, Dict | None, Dict | None]


def issuer_of(url: str) -> str:
    """What IAM knows an issuer by: its URL without scheme and closing slash."""
    return url.split("://", 1)[-1].rstrip("/")


def find(iam: Any, url: str) -> tuple[str, Dict] | None:
    """(ARN, settings) of the provider of an issuer; None without one. Raises AwsError."""
    issuer = issuer_of(url)
    about = f"OIDC provider {issuer}"
    listed = call(iam, "list_open_id_connect_providers", about) or {}
    for entry in listed.get("OpenIDConnectProviderList", []):
        if entry["Arn"].endswith(f":oidc-provider/{issuer}"):
            return read(iam, entry["Arn"], about)
    return None


def read(iam: Any, arn: str, about: str) -> tuple[str, Dict] | None:
    """Settings of one provider by ARN; None when it is gone meanwhile."""
    found = call(
        iam,
        "get_open_id_connect_provider",
        about,
        missing=("NoSuchEntity",),
        OpenIDConnectProviderArn=arn,
    )
    if found is None:
        return None
    return arn, {
        "issuer": arn.split(":oidc-provider/", 1)[1],
        "client_ids": sorted(found.get("ClientIDList", [])),
        "thumbprints": sorted(found.get("ThumbprintList", [])),
        "tags": tag_dict(found.get("Tags")),
    }


def after(before: Dict | None, url: str, wanted: Mapping[str, Any]) -> Dict:
    """The settings once `wanted` is applied; thumbprints that are None stay."""
    known = before or {"thumbprints": [], "tags": {}}
    thumbprints = wanted["thumbprints"]
    return {
        "issuer": issuer_of(url),
        "client_ids": sorted(wanted["client_ids"]),
        "thumbprints": known["thumbprints"] if thumbprints is None else sorted(thumbprints),
        "tags": {**known["tags"], **{k: str(v) for k, v in (wanted["tags"] or {}).items()}},
    }


def ensure_present(iam: Any, url: str, wanted: Mapping[str, Any], *, check_mode: bool) -> Outcome:
    """Make the provider or change what differs: (changed, ARN, before, after)."""
    found = find(iam, url)
    before = found[1] if found else None
    if before:
        label, tags = f"OIDC provider {before['issuer']}", wanted["tags"] or {}
        ownership.refuse_others(label, before["tags"], tags)
    target = after(before, url, wanted)
    arn = found[0] if found else None
    if before == target or check_mode:
        return before != target, arn, before, target
    if arn is None or before is None:
        return True, create(iam, url, target), None, target
    update(iam, arn, before, target)
    return True, arn, before, target


def create(iam: Any, url: str, target: Dict) -> str:
    """Make the provider and return its ARN."""
    parameters = {
        "Url": url,
        "ClientIDList": target["client_ids"],
        "Tags": [{"Key": key, "Value": value} for key, value in target["tags"].items()],
    }
    if target["thumbprints"]:
        parameters["ThumbprintList"] = target["thumbprints"]
    about = f"OIDC provider {target['issuer']}"

    def there() -> Dict | None:
        found = find(iam, url)
        return {"OpenIDConnectProviderArn": found[0]} if found else None

    answer = aws_create(iam, "create_open_id_connect_provider", about, there, **parameters)
    return str(answer["OpenIDConnectProviderArn"])


def update(iam: Any, arn: str, before: Dict, target: Dict) -> None:
    """Change audiences, thumbprints and tags where they differ."""
    about = f"OIDC provider {target['issuer']}"
    which = {"OpenIDConnectProviderArn": arn}
    for audience in sorted(set(target["client_ids"]) - set(before["client_ids"])):
        operation = "add_client_id_to_open_id_connect_provider"
        call(iam, operation, about, **which, ClientID=audience)
    for audience in sorted(set(before["client_ids"]) - set(target["client_ids"])):
        operation = "remove_client_id_from_open_id_connect_provider"
        call(iam, operation, about, **which, ClientID=audience)
    if before["thumbprints"] != target["thumbprints"]:
        prints: Any = target["thumbprints"]
        operation = "update_open_id_connect_provider_thumbprint"
        call(iam, operation, about, **which, ThumbprintList=prints)
    to_set, _ = tag_changes(before["tags"], target["tags"], purge=False)
    if to_set:
        tags: Any = [{"Key": key, "Value": value} for key, value in to_set.items()]
        call(iam, "tag_open_id_connect_provider", about, **which, Tags=tags)


def ensure_absent(iam: Any, url: str, tags: Mapping[str, str], *, check_mode: bool) -> Outcome:
    """Delete the provider if it exists: (changed, None, before, None).

    tags: those that say whose it is; without them it goes whoever it belongs to.
    """
    found = find(iam, url)
    if found is None:
        return False, None, None, None
    if ownership.proof(tags):
        ownership.require_ours(f"OIDC provider {found[1]['issuer']}", found[1]["tags"], tags)
    if not check_mode:
        about = f"OIDC provider {url}"
        operation = "delete_open_id_connect_provider"
        call(iam, operation, about, missing=("NoSuchEntity",), OpenIDConnectProviderArn=found[0])
    return True, None, found[1], None
