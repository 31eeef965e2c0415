# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What the account is to be asked about the inputs, since only AWS knows it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from .rules import PLATFORMS, Inputs, Run, every
from .wanted import wanted


def questions(run: Run, components: Collection[str]) -> dict[str, Any]:
    """Return the options of module platform_account_info, for the components of the run."""
    network, eks = run.of("network"), run.of("eks")
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
        "replica_region": run.of("s3").get("s3_replication_region") or "",
        "database_class": run.of("rds").get("rds_instance_class", ""),
        "names": wanted(run),
        "neighbours": [need for need in _needs(run) if need["maker"] not in components],
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


def _needs(run: Run) -> Iterator[dict[str, str]]:
    """Yield what each component needs of another one: {component, maker}."""
    # What is switched off needs nothing.
    off = () if run.shared.get("platform_bastion") else ("bastion",)
    # A kubeconfig of the user's own leads to a cluster of their own.
    elsewhere = ("eks",) if run.shared.get("platform_kubeconfig") else ()
    for name, rules in every().items():
        if name in run.inputs and name not in off:
            if rules.key(run.of(name)) in (PLATFORMS, f"alias/{run.name}"):
                yield {"component": name, "maker": "kms"}
            for maker in rules.needs:
                if maker not in elsewhere:
                    yield {"component": name, "maker": maker}
