# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""An EKS cluster: its shape, what may change in place, and the steps that change it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..aws import AwsError, Dict, call, wait_until
from .common import GONE, Session, merged_tags, reasons

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
    """The shape once `wanted` is applied. What is None in `wanted` stays as it is.

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


def minor(version: str) -> int:
    """ "1.35" -> 35."""
    return int(version.split(".")[1])


def refuse(before: Dict, wanted: Dict) -> None:
    """Raise AwsError for what AWS can't change in place."""
    name = about(before["name"])
    if wanted["role_arn"] != before["role_arn"]:
        raise AwsError(
            f"{name} runs as {before['role_arn']}; AWS can't change that to {wanted['role_arn']}. "
            "Keep the role, or make a new cluster."
        )
    step = minor(wanted["version"]) - minor(before["version"])
    if step < 0:
        raise AwsError(
            f"{name} is at {before['version']}, {wanted['version']} is older. Set the version to "
            f"{before['version']}; going back one minor is a procedure of its own in EKS."
        )
    if step > 1:
        raise AwsError(
            f"{name} is at {before['version']}; AWS goes up one minor at a time, and "
            f"{wanted['version']} is {step} steps away. Set the version to "
            f"1.{minor(before['version']) + 1} first."
        )
    if before["encryption_key_arn"] not in (None, wanted["encryption_key_arn"]):
        raise AwsError(
            f"{name} encrypts its secrets with {before['encryption_key_arn']}; AWS can't change "
            "the key or take it away. Keep it, or make a new cluster."
        )
    if MODES.index(wanted["authentication_mode"]) < MODES.index(before["authentication_mode"]):
        raise AwsError(
            f"{name} authenticates by {before['authentication_mode']}; AWS does not go back to "
            f"{wanted['authentication_mode']}."
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
        "deletionProtection": wanted["deletion_protection"],
        "logging": log_config(wanted["logging"]),
        "tags": wanted["tags"],
    }
    if wanted.get("encryption_key_arn"):
        parameters["encryptionConfig"] = encryption(wanted["encryption_key_arn"])
    return parameters


def encryption(key_arn: str) -> list[Dict]:
    """The `encryptionConfig` of a call."""
    return [{"resources": ["secrets"], "provider": {"keyArn": key_arn}}]


def steps(before: Dict, wanted: Dict) -> list[Step]:
    """The updates from one shape to the other, one kind per call as AWS wants it.

    Access and logs first, the version last, so that an upgrade is logged and reachable.
    """

    def differ(*names: str) -> bool:
        return any(before.get(name) != wanted.get(name) for name in names)

    update = "update_cluster_config"
    result = []
    if differ("authentication_mode"):
        mode = {"authenticationMode": wanted["authentication_mode"]}
        result.append(Step(update, {"accessConfig": mode}))
    if differ("deletion_protection"):
        protection = {"deletionProtection": wanted["deletion_protection"]}
        result.append(Step(update, protection))
    if differ("logging"):
        result.append(Step(update, {"logging": log_config(wanted["logging"])}))
    for pairs in (PLACES, NETWORK):
        if differ(*(ours for ours, _ in pairs)):
            config = network_config(wanted, pairs)
            result.append(Step(update, {"resourcesVpcConfig": config}))
    if differ("encryption_key_arn"):
        keys = encryption(wanted["encryption_key_arn"])
        result.append(Step("associate_encryption_config", {"encryptionConfig": keys}))
    if differ("version"):
        result.append(Step("update_cluster_version", {"version": wanted["version"]}))
    return result


def wait_active(session: Session, name: str) -> None:
    """Wait until the cluster is ACTIVE. Raises AwsError with AWS's reasons when it fails."""

    def probe() -> str | None:
        raw = describe(session.eks, name)
        status = raw["status"] if raw else "gone"
        issues = (raw or {}).get("health", {}).get("issues", [])
        if status in ("FAILED", "gone", "DELETING"):
            raise AwsError(f"{about(name)} is {status}: {reasons(issues)}")
        return None if status == "ACTIVE" else f"status {status}"

    wait_until(about(name), probe, timeout=session.timeout)


def ensure_present(
    session: Session, name: str, wanted: Mapping[str, Any], *, creator_is_admin: bool
) -> tuple[bool, Dict | None, Dict]:
    """Create the cluster or change what differs: (changed, before, after)."""
    raw = describe(session.eks, name)
    before = shape(raw)
    target = after(before, name, wanted)
    if raw is None or before is None:
        parameters = creation(target, creator_is_admin=creator_is_admin)
        session.write("create_cluster", about(name), **parameters)
    else:
        update(session, raw, before, target)
    if session.wait and not session.check_mode:
        wait_active(session, name)
    return before != target, before, target


def update(session: Session, raw: Dict, before: Dict, target: Dict) -> None:
    """Change an existing cluster, step by step; each is awaited since AWS takes one at a time."""
    name = before["name"]
    refuse(before, target)
    planned = steps(before, target)
    if planned and not session.check_mode:
        wait_active(session, name)
    for step in planned:
        key = "clusterName" if step.operation == "associate_encryption_config" else "name"
        answer = session.write(step.operation, about(name), **{key: name}, **step.parameters)
        session.follow(answer, about(name), name=name)
    session.tag(raw["arn"], before["tags"], target["tags"], about(name))


def ensure_absent(session: Session, name: str) -> tuple[bool, Dict | None, None]:
    """Delete the cluster: (changed, before, None). One that is being deleted is only awaited."""
    raw = describe(session.eks, name)
    before = shape(raw)
    if raw is None:
        return False, None, None
    deleting = raw["status"] == "DELETING"
    if not deleting:
        if raw.get("deletionProtection"):
            raise AwsError(
                f"{about(name)} is protected against deletion. Set deletion_protection to false "
                "(state=present) first, if it may really go."
            )
        session.write("delete_cluster", about(name), name=name)
    if session.wait and not session.check_mode:
        wait_until(
            f"deletion of {about(name)}",
            lambda: _status(session.eks, name),
            timeout=session.timeout,
        )
    return not deleting, before, None


def _status(eks: Any, name: str) -> str | None:
    raw = describe(eks, name)
    return f"status {raw['status']}" if raw else None
