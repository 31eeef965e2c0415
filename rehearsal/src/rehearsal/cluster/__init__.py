"""A real Kubernetes in the world: one control plane, three nodes in three zones.

The names below are loaded when they are first asked for: each node's own process
imports this package too, at the moment when the machine has most to do.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rehearsal.cluster.cluster import REGISTRIES, Cluster, clean, start
    from rehearsal.cluster.node import recorded
    from rehearsal.cluster.requirements import DEBIAN_PACKAGES

__all__ = ["DEBIAN_PACKAGES", "REGISTRIES", "Cluster", "clean", "recorded", "start"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = {"DEBIAN_PACKAGES": "requirements", "recorded": "node"}.get(name, "cluster")
    return getattr(import_module(f"{__name__}.{module}"), name)
