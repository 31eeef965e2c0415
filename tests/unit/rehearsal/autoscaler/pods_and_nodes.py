"""Pods and nodes as the tests of the autoscaler need them."""

from __future__ import annotations

import itertools
from typing import Any

from rehearsal.autoscaler.scene import Place

NUMBERS = itertools.count()
ROOM = {"cpu": 2.0, "memory": 8e9, "pods": 10.0}


def pod(app: str = "web", namespace: str = "here", **spec: Any) -> dict[str, Any]:
    """A pod of a ReplicaSet. spec: what is beside its container, or instead of it."""
    number = next(NUMBERS)
    return {
        "metadata": {
            "name": f"{app}-{number}",
            "namespace": namespace,
            "uid": str(number),
            "labels": {"app": app},
            "ownerReferences": [{"kind": "ReplicaSet", "name": app, "controller": True}],
        },
        "spec": {"containers": [{"name": "main"}], **spec},
        "status": {"phase": "Pending"},
    }


def node(
    name: str, *pods: dict[str, Any], taints: list[Any] | None = None, **labels: str | None
) -> Place:
    """A node with pods, in zone z unless a label says otherwise (None: without)."""
    own = {"zone": "z", "kubernetes.io/hostname": name, **labels}
    return Place(
        name,
        {key: value for key, value in own.items() if value is not None},
        taints or [],
        ROOM,
        list(pods),
    )


def affinity(kind: str, key: str, **more: Any) -> dict[str, Any]:
    """Required (anti-)affinity to pods of `web`."""
    term = {"labelSelector": {"matchLabels": {"app": "web"}}, "topologyKey": key, **more}
    return {kind: {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}


def spread(key: str, **more: Any) -> dict[str, Any]:
    """A pod of `web` with a spread."""
    rule = {
        "maxSkew": 1,
        "topologyKey": key,
        "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": {"app": "web"}},
        **more,
    }
    return pod(topologySpreadConstraints=[rule])
