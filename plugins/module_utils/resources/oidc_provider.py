# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""The OIDC provider by which IAM trusts the tokens of an issuer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import ownership
from ..aws import Dict, tag_dict
from ..reconcile import Api, Plan, missing_tags, tag_list

GONE = ("NoSuchEntity",)
THERE = ("EntityAlreadyExists",)
LABEL = "OIDC provider"
"""How plans call it, also before its URL is known: that comes with the cluster."""


def issuer_of(url: str) -> str:
    """Return what IAM knows an issuer by: its URL without scheme and closing slash."""
    return url.split("://", 1)[-1].rstrip("/")


def label_of(url: str) -> str:
    """Return how errors call the provider of an issuer."""
    return f"{LABEL} {issuer_of(url)}"


def find(iam: Api, url: str) -> tuple[str, Dict] | None:
    """Return ARN and settings of the provider of an issuer; None without one."""
    issuer, label = issuer_of(url), label_of(url)
    listed = iam.read("list_open_id_connect_providers", label)
    arns = [str(entry["Arn"]) for entry in listed.get("OpenIDConnectProviderList", [])]
    arn = next((each for each in arns if each.endswith(f":oidc-provider/{issuer}")), None)
    if arn is None:
        return None
    which = {"OpenIDConnectProviderArn": arn}
    found = iam.read("get_open_id_connect_provider", label, GONE, **which)
    # Gone since it was listed.
    if not found:
        return None
    return arn, {
        "issuer": issuer,
        "client_ids": sorted(found.get("ClientIDList", [])),
        "thumbprints": sorted(found.get("ThumbprintList", [])),
        "tags": tag_dict(found.get("Tags")),
    }


def wanted_of(current: Dict | None, url: str, wanted: Mapping[str, Any]) -> Dict:
    """Return the settings once `wanted` is applied; thumbprints that are None stay."""
    known = current or {"thumbprints": [], "tags": {}}
    thumbprints = wanted["thumbprints"]
    return {
        "issuer": issuer_of(url),
        "client_ids": sorted(wanted["client_ids"]),
        "thumbprints": known["thumbprints"] if thumbprints is None else sorted(thumbprints),
        "tags": {**known["tags"], **{k: str(v) for k, v in (wanted["tags"] or {}).items()}},
    }


def ensure_present(
    iam: Api, plan: Plan, url: str, wanted: Mapping[str, Any]
) -> tuple[str | None, Dict]:
    """Make the provider or change what differs.

    Args:
        wanted: client_ids, thumbprints and tags.

    Returns:
        Its ARN (None: still to come, in check mode) and its settings.
    """
    found = find(iam, url)
    target = wanted_of(None, url, wanted)
    made, arn = (False, None) if found else _create(iam, url, target)
    # IAM lists one late that was made just before.
    found = found or (None if made else find(iam, url))
    plan.identify(LABEL, target["issuer"])
    if found is None:
        plan.record(LABEL, None, target)
        return arn, target
    arn, current = found
    ownership.refuse_others(label_of(url), current["tags"], wanted["tags"] or {})
    target = wanted_of(current, url, wanted)
    plan.record(LABEL, current, target)
    update(iam, arn, current, target)
    return arn, target


def _create(iam: Api, url: str, target: Dict) -> tuple[bool, str | None]:
    """Make the provider; return whether there was none, and its ARN."""
    parameters = {
        "Url": url,
        "ClientIDList": target["client_ids"],
        "Tags": tag_list(target["tags"]),
    }
    if target["thumbprints"]:
        parameters["ThumbprintList"] = target["thumbprints"]

    def there() -> Dict | None:
        found = find(iam, url)
        return {"OpenIDConnectProviderArn": found[0]} if found else None

    operation = "create_open_id_connect_provider"
    made, answer = iam.create_unless_there(operation, label_of(url), there, THERE, **parameters)
    return made, answer.get("OpenIDConnectProviderArn")


def update(iam: Api, arn: str, current: Dict, target: Dict) -> None:
    """Change audiences, thumbprints and tags where they differ."""
    label, which = label_of(target["issuer"]), {"OpenIDConnectProviderArn": arn}
    for audience in sorted(set(target["client_ids"]) - set(current["client_ids"])):
        operation = "add_client_id_to_open_id_connect_provider"
        iam.write(operation, label, **which, ClientID=audience)
    for audience in sorted(set(current["client_ids"]) - set(target["client_ids"])):
        operation = "remove_client_id_from_open_id_connect_provider"
        iam.write(operation, label, **which, ClientID=audience)
    if current["thumbprints"] != target["thumbprints"]:
        operation = "update_open_id_connect_provider_thumbprint"
        iam.write(operation, label, **which, ThumbprintList=target["thumbprints"])
    if missing := missing_tags(current["tags"], target["tags"]):
        iam.write("tag_open_id_connect_provider", label, **which, Tags=tag_list(missing))


def ensure_absent(iam: Api, plan: Plan, url: str, tags: Mapping[str, str]) -> None:
    """Delete the provider if it exists.

    tags: those that say whose it is; without them it goes whoever it belongs to.
    """
    found = find(iam, url)
    if found is None:
        return
    arn, current = found
    if ownership.proof(tags):
        ownership.require_ours(label_of(url), current["tags"], tags)
    plan.record(LABEL, current, None)
    plan.identify(LABEL, current["issuer"])
    operation = "delete_open_id_connect_provider"
    iam.write(operation, label_of(url), GONE, OpenIDConnectProviderArn=arn)
