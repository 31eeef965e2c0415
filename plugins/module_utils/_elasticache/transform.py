# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Between a replication group as AWS describes it and the module's fields. Pure: no AWS call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..datastore import State, text_tags, version_satisfies
from .fields import FIELDS, RESTORE

# Those that the module's options do not name as AWS does.
OURS = {
    "parameter_group": "CacheParameterGroupName",
    "automatic_failover": "AutomaticFailoverEnabled",
    "security_group_ids": "SecurityGroupIds",
}
CHANGEABLE = {**FIELDS.modify, **OURS}
# parameter of a call that changes a group -> the fields that show whether it is done
SHOWN_BY = {
    **{name: (field,) for field, name in CHANGEABLE.items()},
    "NewReplicaCount": ("replicas",),
    "UserGroupIdsToAdd": ("user_groups",),
    "UserGroupIdsToRemove": ("user_groups",),
    "AuthTokenUpdateStrategy": ("auth_token",),
}
REMEDIES = {
    **FIELDS.remedies,
    "subnet_group": f"Keep the name. To move to other subnets: {RESTORE.lower()} there.",
    "cluster_mode": (
        "Give another identifier, because this module supports only groups with"
        " cluster mode disabled."
    ),
}
PLAIN = (
    "This module never turns TLS off. To turn it off by hand, set TransitEncryptionMode to"
    " preferred, and then TransitEncryptionEnabled to false."
)


def wanted_of(options: Mapping[str, Any]) -> State:
    """Return the state that a group should have; options that are not given are left out."""
    state = FIELDS.wanted(options)
    if options.get("security_group_ids") is not None:
        state["security_group_ids"] = sorted(options["security_group_ids"])
    if "maintenance_window" in state:
        state["maintenance_window"] = state["maintenance_window"].lower()
    state["parameter_group"] = options["parameter_group"]["name"]
    state["subnet_group"] = options["subnet_group"]["name"]
    state["cluster_mode"] = "disabled"
    state["replicas"] = options["replicas"]
    state["automatic_failover"] = options["replicas"] > 0
    state["auth_token"] = bool(options["auth_token"])
    state["user_groups"] = [options["user_group_id"]] if options["user_group_id"] else []
    state["tags"] = text_tags(options["tags"])
    return state


def state_of(group: Mapping[str, Any], member: Mapping[str, Any], wanted: State) -> State:
    """Return a group's current state in the wanted state's fields; what is pending counts as done.

    Args:
        group: an item of describe_replication_groups.
        member: one of its nodes from describe_cache_clusters, which alone tells versions,
            security groups and windows.
    """
    pending = member.get("PendingModifiedValues") or {}
    version = str(pending.get("EngineVersion") or member.get("EngineVersion", ""))
    if version_satisfies(version, str(wanted.get("engine_version"))):
        version = str(wanted["engine_version"])
    # What both tell, the group tells of all its nodes.
    state = FIELDS.current({**member, **group}, wanted) | {
        "engine": member.get("Engine"),
        "engine_version": version,
        "node_type": pending.get("CacheNodeType") or group.get("CacheNodeType"),
        "parameter_group": member.get("CacheParameterGroup", {}).get("CacheParameterGroupName"),
        "automatic_failover": group.get("AutomaticFailover") in ("enabled", "enabling"),
        "multi_az": group.get("MultiAZ") == "enabled",
        "security_group_ids": sorted(
            item["SecurityGroupId"] for item in member.get("SecurityGroups") or []
        ),
        "subnet_group": member.get("CacheSubnetGroupName"),
        "encryption_in_transit": bool(group.get("TransitEncryptionEnabled"))
        and group.get("TransitEncryptionMode") != "preferred",
        "cluster_mode": "enabled" if group.get("ClusterEnabled") else "disabled",
        "replicas": replicas_of(group),
        "auth_token": bool(group.get("AuthTokenEnabled", False)),
        "user_groups": sorted(group.get("UserGroupIds") or []),
    }
    return {field: state[field] for field in wanted if field in state}


def replicas_of(group: Mapping[str, Any]) -> int:
    """Return how many replicas a group has beside its primary."""
    shards = group.get("NodeGroups") or [{}]
    return max(len(shards[0].get("NodeGroupMembers") or []) - 1, 0)


def create_arguments(wanted: State) -> dict[str, Any]:
    """Return the arguments of create_replication_group but identity, token and tags."""
    names = {**FIELDS.create, **OURS, "subnet_group": "CacheSubnetGroupName"}
    arguments = {names[field]: value for field, value in wanted.items() if field in names}
    if wanted["user_groups"]:
        arguments["UserGroupIds"] = wanted["user_groups"]
    return {**arguments, "NumCacheClusters": wanted["replicas"] + 1}


def snapshot_source(group: Mapping[str, Any]) -> str:
    """Return the node of which snapshots are taken: a replica, which serves no writes meanwhile."""
    shards = group.get("NodeGroups") or [{}]
    members = sorted(
        (member.get("CurrentRole") == "primary", str(member["CacheClusterId"]))
        for member in shards[0].get("NodeGroupMembers") or []
    )
    return members[0][1] if members else str(group["MemberClusters"][0])


def modify_arguments(current: State, wanted: State, group: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of modify_replication_group that repair the differences.

    Replicas, encryption in transit, tokens and user groups go in calls of their own.
    AWS turns snapshots on only together with the node that they are taken of.
    """
    changed = {
        CHANGEABLE[field]: value
        for field, value in wanted.items()
        if field in CHANGEABLE and current.get(field) != value
    }
    if "Engine" in changed:
        changed["EngineVersion"] = wanted["engine_version"]
    if changed.get("SnapshotRetentionLimit") and not current.get("snapshot_retention_days"):
        changed["SnapshottingClusterId"] = snapshot_source(group)
    return changed


def access_arguments(current: State, wanted: State) -> dict[str, Any]:
    """Return the arguments of modify_replication_group that change the user groups.

    A group that comes to be asked for users is no longer asked for a token, in the same call.
    """
    now, then = set(current["user_groups"]), set(wanted["user_groups"])
    arguments: dict[str, Any] = {}
    if then - now:
        arguments["UserGroupIdsToAdd"] = sorted(then - now)
    if now - then:
        arguments["UserGroupIdsToRemove"] = sorted(now - then)
    if then - now and current["auth_token"]:
        arguments["AuthTokenUpdateStrategy"] = "DELETE"
    return arguments


def encryption_steps(group: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the calls that turn TLS on in a group with clients: offered first, then required."""
    required = {"TransitEncryptionMode": "required"}
    if group.get("TransitEncryptionEnabled"):
        return [required]
    return [{"TransitEncryptionEnabled": True, "TransitEncryptionMode": "preferred"}, required]


def facts_of(group: Mapping[str, Any]) -> dict[str, Any]:
    """Return what others need to know of a group."""
    nodes = group.get("NodeGroups") or [{}]
    endpoint = nodes[0].get("PrimaryEndpoint") or group.get("ConfigurationEndpoint") or {}
    return {
        "replication_group_id": group.get("ReplicationGroupId"),
        "arn": group.get("ARN"),
        "status": group.get("Status"),
        "endpoint": endpoint.get("Address"),
        "port": endpoint.get("Port"),
        "engine": group.get("Engine"),
        "node_type": group.get("CacheNodeType"),
        "tls": bool(group.get("TransitEncryptionEnabled")),
        "auth": bool(group.get("AuthTokenEnabled")),
        "user_groups": sorted(group.get("UserGroupIds") or []),
        "replicas": replicas_of(group),
        "automatic_failover": group.get("AutomaticFailover") in ("enabled", "enabling"),
        "multi_az": group.get("MultiAZ") == "enabled",
    }
