# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Between a replication group as AWS describes it and the module's fields. Pure: no AWS call."""

from __future__ import annotations

from typing import Any

from ansible_collections.ragops.platform.plugins.module_utils.datastore import (
    State,
    text_tags,
    version_satisfies,
)

# field -> parameter of create_replication_group and modify_replication_group
CHANGEABLE = {
    "description": "ReplicationGroupDescription",
    "engine": "Engine",
    "engine_version": "EngineVersion",
    "node_type": "CacheNodeType",
    "parameter_group": "CacheParameterGroupName",
    "automatic_failover": "AutomaticFailoverEnabled",
    "multi_az": "MultiAZEnabled",
    "snapshot_retention_days": "SnapshotRetentionLimit",
    "snapshot_window": "SnapshotWindow",
    "maintenance_window": "PreferredMaintenanceWindow",
    "auto_minor_version_upgrade": "AutoMinorVersionUpgrade",
    "security_group_ids": "SecurityGroupIds",
}
FIXED = {
    "subnet_group": "CacheSubnetGroupName",
    "encryption_at_rest": "AtRestEncryptionEnabled",
    "encryption_in_transit": "TransitEncryptionEnabled",
    "kms_key_arn": "KmsKeyId",
}
REMEDIES = {
    "subnet_group": "Keep the name, or delete the group with a final snapshot and restore it.",
    "encryption_at_rest": "Delete the group with a final snapshot and restore it encrypted.",
    "encryption_in_transit": "Migrate by TransitEncryptionMode preferred, or make a new group.",
    "kms_key_arn": "Delete the group with a final snapshot and restore it with the other key.",
}


def wanted_of(options: dict[str, Any]) -> State:
    """Return the state that a group should have; options that are not given are left out."""
    state = {
        field: options[field] for field in (*CHANGEABLE, *FIXED) if options.get(field) is not None
    }
    if "security_group_ids" in state:
        state["security_group_ids"] = sorted(state["security_group_ids"])
    state["subnet_group"] = options["subnet_group"]["name"]
    state["replicas"] = options["replicas"]
    state["automatic_failover"] = options["replicas"] > 0
    state["auth_token"] = bool(options["auth_token"])
    state["tags"] = text_tags(options["tags"])
    return state


def state_of(group: dict[str, Any], member: dict[str, Any], wanted: State) -> State:
    """Return a group's current state in the wanted state's fields.

    Args:
        group: an item of describe_replication_groups.
        member: one of its nodes from describe_cache_clusters, which alone tells versions,
            security groups and windows.
    """
    version = str(member.get("EngineVersion", ""))
    if version_satisfies(version, str(wanted.get("engine_version"))):
        version = str(wanted["engine_version"])
    nodes = group["NodeGroups"][0].get("NodeGroupMembers", []) if group.get("NodeGroups") else []
    groups = member.get("SecurityGroups") or []
    state = {
        "description": group.get("Description"),
        "engine": member.get("Engine"),
        "engine_version": version,
        "node_type": group.get("CacheNodeType"),
        "parameter_group": member.get("CacheParameterGroup", {}).get("CacheParameterGroupName"),
        "automatic_failover": group.get("AutomaticFailover") in ("enabled", "enabling"),
        "multi_az": group.get("MultiAZ") == "enabled",
        "snapshot_retention_days": group.get("SnapshotRetentionLimit"),
        "snapshot_window": group.get("SnapshotWindow"),
        "maintenance_window": member.get("PreferredMaintenanceWindow"),
        "auto_minor_version_upgrade": group.get(
            "AutoMinorVersionUpgrade", member.get("AutoMinorVersionUpgrade")
        ),
        "security_group_ids": sorted(item["SecurityGroupId"] for item in groups),
        "subnet_group": member.get("CacheSubnetGroupName"),
        "encryption_at_rest": group.get("AtRestEncryptionEnabled"),
        "encryption_in_transit": group.get("TransitEncryptionEnabled"),
        "kms_key_arn": group.get("KmsKeyId"),
        "replicas": max(len(nodes) - 1, 0),
        "auth_token": group.get("AuthTokenEnabled", False),
    }
    return {field: state[field] for field in wanted if field in state}


def create_arguments(wanted: State) -> dict[str, Any]:
    """Return the arguments of create_replication_group but identity, token and tags."""
    names = {**CHANGEABLE, **FIXED}
    arguments = {names[field]: value for field, value in wanted.items() if field in names}
    return {**arguments, "NumCacheClusters": wanted["replicas"] + 1}


def modify_arguments(current: State, wanted: State) -> dict[str, Any]:
    """Return the arguments of modify_replication_group that repair the differences."""
    changed = {
        CHANGEABLE[field]: value
        for field, value in wanted.items()
        if field in CHANGEABLE and current.get(field) != value
    }
    if "Engine" in changed:
        changed["EngineVersion"] = wanted["engine_version"]
    return changed


def facts_of(group: dict[str, Any]) -> dict[str, Any]:
    """Return what others need to know of a group."""
    nodes = group.get("NodeGroups") or [{}]
    endpoint = nodes[0].get("PrimaryEndpoint") or group.get("ConfigurationEndpoint") or {}
    return {
        "replication_group_id": group.get("ReplicationGroupId"),
        "arn": group.get("ARN"),
        "status": group.get("Status"),
        "endpoint": endpoint.get("Address"),
        "port": endpoint.get("Port"),
        "tls": bool(group.get("TransitEncryptionEnabled")),
        "auth": bool(group.get("AuthTokenEnabled")),
        "replicas": max(len(nodes[0].get("NodeGroupMembers") or []) - 1, 0),
        "multi_az": group.get("MultiAZ") == "enabled",
    }
