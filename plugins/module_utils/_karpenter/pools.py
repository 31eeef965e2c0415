# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What a pool of nodes asks of machines, as Karpenter has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

GENERATION = "karpenter.k8s.aws/instance-generation"
FAMILY = "karpenter.k8s.aws/instance-family"
DEFAULTS = {
    "kubernetes.io/arch": ("architectures", ["amd64"]),
    "karpenter.sh/capacity-type": ("capacity_types", ["on-demand"]),
    "karpenter.k8s.aws/instance-category": ("instance_categories", ["c", "m", "r"]),
}
"""Karpenter's label -> the pool's key, and the values where it has none."""
OLDEST = 5
"""Generation of instance types with which a pool begins that names none."""


def requirements(pool: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the requirements of a NodePool.

    Args:
        pool: an item of cluster_addons_karpenter_node_pools.
    """
    found = [_one_of("kubernetes.io/os", ["linux"])]
    found += [_one_of(label, pool.get(key) or usual) for label, (key, usual) in DEFAULTS.items()]
    before = int(pool.get("minimum_generation") or OLDEST) - 1
    found.append({"key": GENERATION, "operator": "Gt", "values": [str(before)]})
    if families := pool.get("instance_families"):
        found.append(_one_of(FAMILY, families))
    return found + list(pool.get("requirements") or [])


def _one_of(label: str, values: list[str]) -> dict[str, Any]:
    return {"key": label, "operator": "In", "values": values}
