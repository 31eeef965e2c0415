# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What the account is to be asked about the inputs, since only AWS knows it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from . import owned
from .roles import Inputs

KEYS = {
    "network": "network_flow_log_kms_key_id",
    "ecr": "ecr_kms_key_id",
    "secrets": "secrets_kms_key_id",
    "s3": "s3_kms_key_id",
    "bastion": "bastion_kms_key_id",
    "eks": "eks_kms_key_arn",
}
"""Inputs that name the platform's key by default, by component."""
IN_NETWORK = ("eks", "rds", "elasticache", "bastion")
IN_CLUSTER = ("cluster_addons", "milvus", "app_rollout", "health")


def questions(
    inputs: Mapping[str, Inputs], shared: Mapping[str, Any], components: Collection[str]
) -> dict[str, Any]:
    """Return the options of module platform_account_info, for the components of the run.

    Args:
        inputs: by component, typed.
        shared: the shared variables (platform_*).
        components: those of the run.
    """
    network, eks = inputs.get("network", {}), inputs.get("eks", {})
    groups = [
        {
            "name": group.get("name", ""),
            "instance_types": group.get("instance_types") or [],
            "nodes": _nodes(group),
            "zonal": bool(group.get("zonal")),
        }
        for group in _groups(eks)
    ]
    return {
        "network": {
            "availability_zones": network.get("network_availability_zones") or [],
            "zone_count": network.get("network_zone_count", 2),
            "interface_endpoints": network.get("network_interface_endpoints", []),
            "nat": network.get("network_nat", "single"),
        }
        if network
        else {},
        "node_groups": groups,
        "replica_region": inputs.get("s3", {}).get("s3_replication_region") or "",
        "database_class": inputs.get("rds", {}).get("rds_instance_class", ""),
        "names": owned.wanted(inputs, shared, str(shared["platform_name"])),
        "neighbours": [need for need in _needs(inputs, shared) if need["maker"] not in components],
    }


def _nodes(group: Mapping[str, Any]) -> int:
    """How many nodes a group begins with that are paid on demand. (Defaults: module's.)"""
    if group.get("capacity_type") == "SPOT":
        return 0
    desired = group.get("desired_size")
    return int(2 if desired is None else desired)


def _groups(eks: Inputs) -> list[dict[str, Any]]:
    """The node groups that role eks makes."""
    spot = [eks["eks_spot_group"]] if eks.get("eks_spot_group_enabled") else []
    return [*(eks.get("eks_node_groups") or []), *spot]


def _needs(inputs: Mapping[str, Inputs], shared: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """Yield what each component needs of another one: {component, maker}."""
    alias = f"alias/{shared['platform_name']}"
    # What is switched off needs nothing.
    off = () if shared.get("platform_bastion") else ("bastion",)
    for component, option in KEYS.items():
        own = None if component in off else inputs.get(component)
        if own is None or (component == "network" and not own.get("network_flow_logs", True)):
            continue
        if own.get(option, alias) == alias or (component == "eks" and not own.get(option)):
            yield {"component": component, "maker": "kms"}
    for component in IN_NETWORK:
        if component in inputs and component not in off:
            yield {"component": component, "maker": "network"}
    # A kubeconfig of the user's own leads to a cluster of their own.
    if not shared.get("platform_kubeconfig"):
        for component in IN_CLUSTER:
            if component in inputs:
                yield {"component": component, "maker": "eks"}
