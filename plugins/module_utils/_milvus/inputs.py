# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What the inputs of role milvus must be; whether pods find a node in their volume's zone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .._inputs import forms, kubernetes
from .._inputs.rules import Inputs, Rules, Run

KINDS = {"NO_SCHEDULE": "NoSchedule", "NO_EXECUTE": "NoExecute"}
"""EKS's names of the effects that keep pods away -> Kubernetes's."""


def problems(milvus: Inputs, run: Run) -> Iterator[str]:
    """Yield what is wrong with the inputs of role milvus."""
    yield from kubernetes.toleration_problems(
        "milvus: milvus_tolerations", milvus.get("milvus_tolerations", [])
    )
    namespace = str(run.shared.get("platform_namespace", "rag"))
    if milvus.get("milvus_namespace") == namespace:
        yield (
            f"milvus_namespace and platform_namespace are both '{namespace}', but each needs its"
            " own Pod Security level and network policies. Choose two different namespaces."
        )
    following = milvus.get("milvus_next_collection")
    if following and following in (
        milvus.get("milvus_collection"),
        milvus.get("milvus_collection_alias"),
    ):
        yield (
            f"milvus_next_collection is '{following}', which milvus_collection or"
            " milvus_collection_alias is already. Another embedding model needs a collection of"
            " its own."
        )


def warnings(milvus: Inputs, run: Run) -> Iterator[str]:
    """Yield that Milvus' volumes may end up in zones for which no node comes.

    A volume of EBS stays in its zone. A group over several zones starts its next node in a zone
    that nobody chooses, and Cluster Autoscaler doesn't even ask for one: it takes the first zone of
    the group for that of its next node.
    """
    if not milvus.get("milvus_enabled") or milvus.get("milvus_mode") == "custom":
        return
    groups = run.of("eks").get("eks_node_groups") or []
    takers = [group for group in groups if _takes(group, milvus)]
    if takers and not any(group.get("zonal") for group in takers):
        names = ", ".join(str(group["name"]) for group in takers)
        yield (
            f"eks: node group {names} spans several zones and runs pods of Milvus, whose volumes"
            " cannot move to another zone. After a node is lost, their zone may have no node. Set"
            " zonal: true for the group. Sizes then apply per zone, and eks_replace_node_groups"
            " replaces an existing group."
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


RULES = Rules(
    problems=problems,
    warnings=warnings,
    forms={
        "milvus_chart_version": forms.VERSION_OR_NONE,
        "milvus_clients.namespace": forms.ANY_NAMESPACE,
        "milvus_collection": forms.COLLECTION,
        "milvus_collection_alias": forms.COLLECTION,
        "milvus_metrics_clients.namespace": forms.ANY_NAMESPACE,
        "milvus_namespace": forms.NAMESPACE,
        "milvus_next_collection": forms.COLLECTION_OR_NONE,
        "milvus_object_store_cidrs": forms.BLOCK,
        "milvus_release": forms.RELEASE,
        "milvus_storage_class": forms.OBJECT,
        "milvus_tls_secret": forms.OBJECT_OR_NONE,
    },
    at_least={"milvus_collection_dimension": 2, "milvus_next_collection_dimension": 2},
    at_most={"milvus_collection_dimension": 32768, "milvus_next_collection_dimension": 32768},
    needs=("eks",),
)
