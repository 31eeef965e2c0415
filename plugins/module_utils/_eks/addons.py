# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Add-ons of a cluster: their settings, and which version fits a cluster."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..aws import AwsError, Dict, collect
from .common import Session, merged_tags
from .members import Kind, Step


def addon(raw: Dict) -> Dict:
    """The settings of an add-on that this collection manages."""
    return {
        "name": raw["addonName"],
        "version": raw.get("addonVersion") or None,
        "configuration": json.loads(raw.get("configurationValues") or "{}"),
        "service_account_role_arn": raw.get("serviceAccountRoleArn") or None,
        "tags": dict(raw.get("tags", {})),
    }


def addon_after(before: Dict | None, wanted: Mapping[str, Any]) -> Dict:
    """The shape once `wanted` is applied. None stays as it is (at creation: AWS's default)."""
    result: Dict = {
        "version": None,
        "configuration": {},
        "service_account_role_arn": None,
        **(before or {}),
    }
    for key, value in wanted.items():
        if key == "tags":
            result["tags"] = merged_tags(result.get("tags", {}), value)
        elif value is not None:
            result[key] = value
    return result


def addon_creation(target: Dict) -> Dict:
    """The parameters of create_addon. A fresh cluster has nothing to be in conflict with."""
    parameters = {**_addon_settings(target), "resolveConflicts": "OVERWRITE"}
    return {**parameters, "tags": target["tags"]}


def _addon_settings(target: Dict) -> Dict:
    settings: Dict = {
        "addonVersion": target["version"],
        "serviceAccountRoleArn": target["service_account_role_arn"],
    }
    settings["configurationValues"] = json.dumps(target["configuration"], sort_keys=True)
    return {key: value for key, value in settings.items() if value is not None}


def addon_steps(before: Dict, target: Dict, about: str) -> list[Step]:  # noqa: ARG001 - as all kinds
    """One update with all settings: those left out would go back to AWS's defaults."""
    keys = ("version", "configuration", "service_account_role_arn")
    return [] if all(before[key] == target[key] for key in keys) else addon_repair(target)


def addon_repair(target: Dict) -> list[Step]:
    """The update that brings an add-on to a shape, whatever it is now."""
    return [Step("update_addon", {**_addon_settings(target), "resolveConflicts": "OVERWRITE"})]


ADDON = Kind(
    "add-on",
    "addon",
    "addonName",
    addon,
    addon_after,
    addon_creation,
    addon_steps,
    "addonArn",
    addon_repair,
)

# --- Versions ---------------------------------------------------------------------


@dataclass(frozen=True)
class Offer:
    """What AWS offers of an add-on for one Kubernetes version: newest first, and its default."""

    versions: tuple[str, ...]
    default: str | None


def offer(session: Session, name: str, kubernetes: str) -> Offer:
    """Ask AWS. Raises AwsError when there is no such add-on."""
    about = f"versions of add-on {name} for Kubernetes {kubernetes}"
    found = collect(
        session.eks,
        "describe_addon_versions",
        "addons",
        about,
        addonName=name,
        kubernetesVersion=kubernetes,
    )
    listed = [item for entry in found for item in entry["addonVersions"]]
    if not listed:
        raise AwsError(
            f"EKS offers no add-on {name} for Kubernetes {kubernetes}. Check the name (aws eks"
            " describe-addon-versions lists all add-ons), or remove it."
        )
    defaults = [
        item["addonVersion"]
        for item in listed
        if any(fit.get("defaultVersion") for fit in item.get("compatibilities", ()))
    ]
    versions = tuple(item["addonVersion"] for item in listed)
    return Offer(versions, defaults[0] if defaults else None)


def choose(
    name: str, wanted: str | None, current: str | None, offers: Mapping[str, Offer], *, renew: bool
) -> str:
    """The version of an add-on that fits all Kubernetes versions of `offers`.

    The one asked for; else the one that is there, unless `renew`; else AWS's default for the
    first of the Kubernetes versions; else the newest that fits all. Raises AwsError.
    """
    first = next(iter(offers.values()))
    common = [item for item in first.versions if all(item in o.versions for o in offers.values())]
    targets = " and ".join(offers)
    if wanted and wanted not in common:
        raise AwsError(
            f"Add-on {name} {wanted} is not offered for Kubernetes {targets}. Choose one of"
            f" {', '.join(common[:5]) or 'none'}, or remove the version to use the default of AWS."
        )
    preferred = [wanted, None if renew else current, first.default, *common]
    fitting = [item for item in preferred if item in common]
    if not fitting:
        told = [f"{key}: {', '.join(found.versions[:3])}" for key, found in offers.items()]
        raise AwsError(
            f"No version of add-on {name} supports all of Kubernetes {targets} ({'; '.join(told)})."
        )
    return str(fitting[0])


def with_versions(
    session: Session,
    cluster: str,
    wanted: Sequence[Mapping[str, Any]],
    kubernetes: Sequence[str],
    *,
    renew: bool,
) -> list[Dict]:
    """The add-ons of `wanted`, each with the version that it shall have."""
    result = []
    for item in wanted:
        name = item["name"]
        raw = ADDON.describe(session, cluster, name) or {}
        offers = {version: offer(session, name, version) for version in kubernetes}
        current = raw.get("addonVersion")
        chosen = choose(name, item.get("version"), current, offers, renew=renew)
        result.append({**item, "version": chosen})
    return result
