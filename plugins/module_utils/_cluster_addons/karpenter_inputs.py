# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What the inputs of Karpenter must be, beside their types."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from .._inputs import machines
from .._inputs.rules import Inputs

# Kubernetes minor version -> the first Karpenter that runs on it, by Karpenter's matrix.
NEEDED = {
    (1, 30): (0, 37, 0),
    (1, 31): (1, 0, 5),
    (1, 32): (1, 2, 0),
    (1, 33): (1, 5, 0),
    (1, 34): (1, 6, 0),
    (1, 35): (1, 9, 0),
    (1, 36): (1, 13, 0),
}
ROLE = "cluster_addons: "
DURATION = re.compile(r"([0-9]+[smh])+")
QUANTITY = re.compile(r"[0-9]+(\.[0-9]+)?(m|[kMGTP]i?)?")
NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
OWN_LABELS = ("karpenter.sh/", "karpenter.k8s.aws/", "kubernetes.io/hostname")


def problems(inputs: Inputs, eks: Inputs) -> Iterator[str]:
    """Yield what is wrong with Karpenter's inputs. eks: the inputs of role eks, {} without it."""
    yield from _version(inputs, eks)
    yield from _node_class(inputs.get("cluster_addons_karpenter_node_class") or {})
    pools = inputs.get("cluster_addons_karpenter_node_pools") or []
    if not pools:
        yield (
            f"{ROLE}cluster_addons_karpenter_node_pools is empty, so Karpenter could not create"
            " nodes. Add a pool, or set cluster_addons_autoscaler to none."
        )
    names = [str(pool.get("name", "")) for pool in pools]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"{ROLE}cluster_addons_karpenter_node_pools has {name} twice. Give each its own name."
    for pool in pools:
        for said in _pool(pool):
            yield f"{ROLE}node pool {pool.get('name', '')} of Karpenter: {said}"
    timeout = inputs.get("cluster_addons_karpenter_timeout", 1200)
    if int(timeout) < 60:
        yield (
            f"{ROLE}cluster_addons_karpenter_timeout is {timeout}. Draining and terminating a node"
            " takes minutes. Give at least 60."
        )


def _version(inputs: Inputs, eks: Inputs) -> Iterator[str]:
    """Each Kubernetes needs a Karpenter that knows it; 1.x is what this collection installs."""
    given = str(inputs.get("cluster_addons_karpenter_chart_version", ""))
    found = re.match(r"v?(\d+)\.(\d+)\.(\d+)", given)
    if not found:
        return
    version = tuple(int(part) for part in found.groups())
    kubernetes = re.match(r"(\d+)\.(\d+)$", str(eks.get("eks_version", "")))
    minor = (int(kubernetes[1]), int(kubernetes[2])) if kubernetes else (0, 0)
    needed = max(NEEDED.get(minor, (0, 0, 0)), (1, 0, 5))
    if version < needed:
        yield (
            f"{ROLE}cluster_addons_karpenter_chart_version is {given}; Kubernetes "
            f"{eks.get('eks_version', '')} needs {'.'.join(map(str, needed))} or later."
        )


def _node_class(given: Mapping[str, Any]) -> Iterator[str]:
    where = f"{ROLE}cluster_addons_karpenter_node_class: "
    alias = str(given.get("ami_alias") or "")
    if alias and not re.fullmatch(r"al2023@v\d{8}", alias):
        yield (
            f"{where}ami_alias is '{alias}'. Give a release as al2023@v20261101 (a moving release"
            " would replace nodes without notice), or leave it empty to use the release of the"
            " managed node groups."
        )
    size = int(given.get("disk_size") or 50)
    if not 20 <= size <= 16384:
        yield f"{where}disk_size is {size}: the image needs 20 GiB, and gp3 has at most 16384."
    key = str(given.get("kms_key_arn") or "")
    if key and not key.startswith("arn:"):
        yield (
            f"{where}kms_key_arn is '{key}', which is not an ARN. The IAM policy of Karpenter"
            " needs the ARN."
        )


def _pool(pool: Mapping[str, Any]) -> Iterator[str]:
    name = str(pool.get("name", ""))
    if not NAME.fullmatch(name):
        yield "the name must be lower-case letters, digits and hyphens, at most 63"
    for key, value in (pool.get("limits") or {}).items():
        if not QUANTITY.fullmatch(str(value)):
            yield f"limits has {key} '{value}', which is not a quantity such as 64 or 256Gi"
    weight = pool.get("weight")
    if weight is not None and not 1 <= int(weight) <= 100:
        yield f"weight is {weight}, but must be 1 to 100"
    for label in pool.get("labels") or {}:
        if str(label).startswith(OWN_LABELS):
            yield f"label {label} is reserved by Karpenter: use capacity_types and similar fields"
    yield from machines.pool_problems(pool)
    yield from _disruption(pool)


def _disruption(pool: Mapping[str, Any]) -> Iterator[str]:
    for key in ("consolidate_after", "expire_after", "termination_grace_period"):
        value = str(pool.get(key) or "")
        never = value == "Never" and key != "termination_grace_period"
        if value and not never and not DURATION.fullmatch(value):
            yield f"{key} is '{value}', which is not a duration such as 30m or 720h"
    for budget in pool.get("budgets") or []:
        if not re.fullmatch(r"(100|[0-9]{1,2})%|[0-9]+", str(budget.get("nodes", ""))):
            yield (
                f"a budget has nodes '{budget.get('nodes')}', which is neither a number nor a"
                " percentage"
            )
        if bool(budget.get("schedule")) != bool(budget.get("duration")):
            yield "a budget has only one of schedule and duration: give both, or neither"
