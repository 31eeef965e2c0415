# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""One resource that is left, and how a resource is known to be the platform's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .._platform.scope import Scope
from ..ownership import MANAGED_BY

ENDING = "ending"
"""`Item.state` of what AWS removes by itself at a known date and no longer bills."""


@dataclass(frozen=True)
class Item:
    """One resource.

    component: the platform's component which it is of (as in `platform_survivors`);
    billed: whether AWS bills it as it stands; data: whether it holds what users stored;
    state: "" or ENDING.
    """

    component: str
    service: str
    type: str
    id: str
    billed: bool
    why: str
    data: bool = False
    state: str = ""

    def report(self) -> dict[str, Any]:
        """What the module returns of it."""
        return {
            "component": self.component,
            "service": self.service,
            "type": self.type,
            "id": self.id,
            "billed": self.billed,
            "why": self.why,
        }


def by_name(scope: Scope) -> str:
    """Say that a resource's name is why it is taken for this platform's."""
    return f"named after {scope.name}"


def reason(scope: Scope, tags: Mapping[str, str]) -> str:
    """Why a resource with these tags is of this platform; empty when it is not.

    Beside the platform's own tags: those which the cluster's controllers (load balancers,
    volumes, interfaces of the CNI, Karpenter) and EKS itself put on what they make. A value
    `shared` of kubernetes.io/cluster/<name> says that the cluster only uses it.
    """
    if scope.owns(tags):
        return (
            f"tagged Project={scope.project}, Environment={scope.environment}, "
            f"ManagedBy={MANAGED_BY}"
        )
    marks = {
        f"kubernetes.io/cluster/{scope.name}": "owned",
        "elbv2.k8s.aws/cluster": scope.name,
        "cluster.k8s.amazonaws.com/name": scope.name,
        "eks:cluster-name": scope.name,
        "eks:eks-cluster-name": scope.name,
        "aws:eks:cluster-name": scope.name,
    }
    for key, value in marks.items():
        if tags.get(key) == value:
            return f"made by the cluster (tagged {key}={value})"
    return ""
