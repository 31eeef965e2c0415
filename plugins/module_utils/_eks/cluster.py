# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""An EKS cluster: its shape, what may change in place, and the steps that change it.

Pure transformations; control.py sends the calls.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..aws import AwsError, Dict, call
from . import version
from .common import GONE, merged_tags

LOG_TYPES = ("api", "audit", "authenticator", "controllerManager", "scheduler")
# Ways to give access, in the one order in which AWS lets them change.
MODES = ("CONFIG_MAP", "API_AND_CONFIG_MAP", "API")
NETWORK = (
    ("endpoint_private_access", "endpointPrivateAccess"),
    ("endpoint_public_access", "endpointPublicAccess"),
    ("public_access_cidrs", "publicAccessCidrs"),
)
PLACES = (("subnet_ids", "subnetIds"), ("security_group_ids", "securityGroupIds"))


@dataclass(frozen=True)
class Step:
    """One update of a cluster: a call and its parameters (without the cluster's name)."""

    operation: str
    parameters: Dict


def about(name: str) -> str:
    """How errors name the cluster."""
    return f"EKS cluster {name}"


def describe(eks: Any, name: str) -> Dict | None:
    """The cluster as AWS describes it; None without one."""
    answer = call(eks, "describe_cluster", about(name), missing=GONE, name=name)
    return answer["cluster"] if answer else None


def shape(raw: Dict | None) -> Dict | None:
    """The settings of a cluster that this collection manages, lists sorted."""
    if raw is None:
        return None
    network = raw.get("resourcesVpcConfig", {})
    keys = [
        entry["provider"]["keyArn"]
        for entry in raw.get("encryptionConfig") or []
        if "secrets" in entry.get("resources", [])
    ]
    return {
        "name": raw["name"],
        "version": raw.get("version"),
        "role_arn": raw.get("roleArn"),
        **{ours: sorted(network.get(theirs, [])) for ours, theirs in PLACES},
        "endpoint_private_access": network.get("endpointPrivateAccess"),
        "endpoint_public_access": network.get("endpointPublicAccess"),
        "public_access_cidrs": sorted(network.get("publicAccessCidrs", [])),
        "logging": enabled_logs(raw),
        "encryption_key_arn": keys[0] if keys else None,
        "authentication_mode": raw.get("accessConfig", {}).get("authenticationMode"),
        "deletion_protection": raw.get("deletionProtection", False),
        "upgrade_policy": raw.get("upgradePolicy", {}).get("supportType"),
        "service_ipv4_cidr": raw.get("kubernetesNetworkConfig", {}).get("serviceIpv4Cidr"),
        "tags": dict(raw.get("tags", {})),
    }


def enabled_logs(raw: Dict) -> list[str]:
    """The log types that are on, sorted."""
    return sorted(
        kind
        for entry in raw.get("logging", {}).get("clusterLogging", [])
        if entry.get("enabled")
        for kind in entry.get("types", [])
    )


def after(before: Dict | None, name: str, wanted: Mapping[str, Any]) -> Dict:
    """The shape once `wanted` is applied. What is None in `wanted` stays as it is, or is AWS's
    to choose at creation.

    The ranges of a public endpoint which is off are AWS's to keep, so they are left alone.
    """
    result: Dict = {"name": name, **(before or {})}
    for key, value in wanted.items():
        if key == "tags":
            result["tags"] = merged_tags(result.get("tags", {}), value)
        elif value is not None:
            result[key] = sorted(value) if isinstance(value, list) else value
    if not result.get("endpoint_public_access"):
        result["public_access_cidrs"] = (before or {}).get("public_access_cidrs", [])
    return result


def refuse(before: Dict, wanted: Dict) -> None:
    """Raise AwsError for what AWS can't change in place, but for the version (see version.py)."""
    name = about(before["name"])
    if wanted["role_arn"] != before["role_arn"]:
        raise AwsError(
            f"{name} has the IAM role {before['role_arn']}. AWS cannot change it to"
            f" {wanted['role_arn']}. Keep the role, or create a new cluster."
        )
    if wanted["service_ipv4_cidr"] != before["service_ipv4_cidr"]:
        raise AwsError(
            f"{name} gives its services addresses of {before['service_ipv4_cidr']}. AWS cannot"
            f" change this to {wanted['service_ipv4_cidr']}. Keep it, or create a new cluster."
        )
    if before["encryption_key_arn"] not in (None, wanted["encryption_key_arn"]):
        raise AwsError(
            f"{name} encrypts its secrets with {before['encryption_key_arn']}. AWS cannot change"
            " or remove the key. Keep it, or create a new cluster."
        )
    if MODES.index(wanted["authentication_mode"]) < MODES.index(before["authentication_mode"]):
        raise AwsError(
            f"{name} authenticates by {before['authentication_mode']}. AWS cannot change this back"
            f" to {wanted['authentication_mode']}."
        )


def network_config(wanted: Mapping[str, Any], pairs: tuple[tuple[str, str], ...]) -> Dict:
    """The part of resourcesVpcConfig which is set. Ranges go along with a public endpoint only."""
    chosen = {theirs: wanted.get(ours) for ours, theirs in pairs}
    if not wanted.get("endpoint_public_access"):
        chosen.pop("publicAccessCidrs", None)
    return {key: value for key, value in chosen.items() if value is not None}


def log_config(types: list[str]) -> Dict:
    """The `logging` of a call: what is not listed is switched off."""
    groups = [
        {"types": sorted(set(types)), "enabled": True},
        {"types": sorted(set(LOG_TYPES) - set(types)), "enabled": False},
    ]
    return {"clusterLogging": [group for group in groups if group["types"]]}


def creation(wanted: Mapping[str, Any], *, creator_is_admin: bool) -> Dict:
    """The parameters of create_cluster."""
    parameters: Dict = {
        "name": wanted["name"],
        "version": wanted["version"],
        "roleArn": wanted["role_arn"],
        "resourcesVpcConfig": network_config(wanted, PLACES + NETWORK),
        "accessConfig": {
            "authenticationMode": wanted["authentication_mode"],
            "bootstrapClusterCreatorAdminPermissions": creator_is_admin,
        },
        # Add-ons are managed by EKS, so that the unmanaged copies would be in their way.
        "bootstrapSelfManagedAddons": False,
        "deletionProtection": bool(wanted.get("deletion_protection")),
        "logging": log_config(wanted["logging"]),
        "tags": wanted["tags"],
    }
    if wanted.get("encryption_key_arn"):
        parameters["encryptionConfig"] = encryption(wanted["encryption_key_arn"])
    if wanted.get("upgrade_policy"):
        parameters["upgradePolicy"] = {"supportType": wanted["upgrade_policy"]}
    if wanted.get("service_ipv4_cidr"):
        cidr = wanted["service_ipv4_cidr"]
        parameters["kubernetesNetworkConfig"] = {"serviceIpv4Cidr": cidr}
    return parameters


def encryption(key_arn: str) -> list[Dict]:
    """The `encryptionConfig` of a call."""
    return [{"resources": ["secrets"], "provider": {"keyArn": key_arn}}]


def steps(before: Dict, wanted: Dict, intent: version.Intent) -> list[Step]:
    """The updates from one shape to the other, one kind per call as AWS wants it.

    Access and logs first, the version last, so that an upgrade is logged and reachable.
    """
    settings = [*_access_and_logs(before, wanted)]
    for pairs in (PLACES, NETWORK):
        if _differ(before, wanted, *(ours for ours, _ in pairs)):
            settings.append({"resourcesVpcConfig": network_config(wanted, pairs)})
    result = [Step("update_cluster_config", parameters) for parameters in settings]
    if _differ(before, wanted, "encryption_key_arn"):
        keys = encryption(wanted["encryption_key_arn"])
        result.append(Step("associate_encryption_config", {"encryptionConfig": keys}))
    if _differ(before, wanted, "version"):
        force = {"force": True} if intent.force else {}
        result.append(Step("update_cluster_version", {"version": wanted["version"], **force}))
    return result


def _access_and_logs(before: Dict, wanted: Dict) -> list[Dict]:
    """The settings that are one key of update_cluster_config each."""
    result: list[Dict] = []
    if _differ(before, wanted, "authentication_mode"):
        mode = wanted["authentication_mode"]
        result.append({"accessConfig": {"authenticationMode": mode}})
    if _differ(before, wanted, "deletion_protection"):
        result.append({"deletionProtection": wanted["deletion_protection"]})
    if _differ(before, wanted, "upgrade_policy"):
        result.append({"upgradePolicy": {"supportType": wanted["upgrade_policy"]}})
    if _differ(before, wanted, "logging"):
        result.append({"logging": log_config(wanted["logging"])})
    return result


def _differ(before: Dict, wanted: Dict, *names: str) -> bool:
    return any(before.get(name) != wanted.get(name) for name in names)
