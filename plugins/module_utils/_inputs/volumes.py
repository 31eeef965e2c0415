# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Whether pods with volumes find a node in their volume's zone after one was lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .roles import Inputs

KINDS = {"NO_SCHEDULE": "NoSchedule", "NO_EXECUTE": "NoExecute"}
"""EKS's names of the effects that keep pods away -> Kubernetes's."""


def warnings(eks: Inputs, milvus: Inputs) -> Iterator[str]:
    """Yield that Milvus' volumes may end up in zones for which no node comes.

    A volume of EBS stays in its zone. A group over several zones starts its next node in a zone
    that nobody chooses, and Cluster Autoscaler doesn't even ask for one: it takes the first zone of
    the group for that of its next node.
    """
    if not milvus.get("milvus_enabled") or milvus.get("milvus_mode") == "custom":
        return
    takers = [group for group in eks.get("eks_node_groups") or [] if _takes(group, milvus)]
    if takers and not any(group.get("zonal") for group in takers):
        names = ", ".join(str(group["name"]) for group in takers)
        yield (
            f"eks: node group {names} spans zones and takes Milvus' pods, whose volumes can't "
            "leave theirs: after a node is lost they may find none in their zone. Give the group "
            "zonal: true (sizes count per zone then, and eks_replace_node_groups lets one go that "
            "is there)."
        )


def _takes(group: Mapping[str, Any], milvus: Inputs) -> bool:
    labels = group.get("labels") or {}
    wanted = milvus.get("milvus_node_selector") or {}
    return all(labels.get(key) == value for key, value in wanted.items()) and all(
        any(_tolerates(each, taint) for each in milvus.get("milvus_tolerations") or [])
        for taint in group.get("taints") or []
        if taint.get("effect") in KINDS
    )


def _tolerates(toleration: Mapping[str, Any], taint: Mapping[str, Any]) -> bool:
    if toleration.get("effect") not in (None, "", KINDS[taint["effect"]]):
        return False
    if toleration.get("operator") == "Exists":
        return toleration.get("key") in (None, "", taint["key"])
    same = toleration.get("key") == taint["key"]
    return same and (toleration.get("value") or "") == (taint.get("value") or "")
