# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Whose a release is: a label on helm's record of it, or a namespace that is the platform's whole.

Helm keeps the labels of a release from revision to revision, through rollbacks, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..kube import Kube

LABEL = "ragops.platform/platform"
WHOLE = ("app.kubernetes.io/managed-by", "ragops.platform")
"""Label of the namespaces that the platform made, and removes with all that is in them."""


def records(kube: Kube, namespace: str, name: str) -> list[dict[str, Any]]:
    """Return the labels of all revisions that helm keeps of a release, without their contents.

    Raises:
        KubeError: they can't be read.
    """
    path = f"/api/v1/namespaces/{namespace}/secrets"
    found = kube.metadata(path, labelSelector=f"owner=helm,name={name}")
    return [item.get("labels") or {} for item in found]


def foreign(kube: Kube, namespace: str, name: str, owner: str) -> str:
    """Return why a release is somebody else's, and what to do; empty: it is ours or not there.

    Args:
        kube: the cluster.
        namespace: the release's.
        name: of the release.
        owner: value of the label on releases that are ours.

    Raises:
        KubeError: the cluster can't be read.
    """
    found = records(kube, namespace, name)
    if not found or any(labels.get(LABEL) == owner for labels in found):
        return ""
    if _whole(kube.find(f"/api/v1/namespaces/{namespace}") or {}):
        return ""
    others = sorted({labels[LABEL] for labels in found if LABEL in labels})
    why = f"has the label {LABEL}={others[0]}" if others else f"lacks the label {LABEL}={owner}"
    return (
        f"release {name} in {namespace} belongs to somebody else: it {why}. If this platform "
        f"may own the release: kubectl -n {namespace} label secret "
        f"--selector owner=helm,name={name} {LABEL}={owner} --overwrite"
    )


def namespaces_of_others(namespaces: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the names of the namespaces that the platform did not make, in order."""
    return sorted(each["metadata"]["name"] for each in namespaces if not _whole(each))


def _whole(namespace: Mapping[str, Any]) -> bool:
    key, value = WHOLE
    labels = (namespace.get("metadata") or {}).get("labels") or {}
    return bool(labels.get(key) == value)
