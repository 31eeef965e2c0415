"""What the release says (values of rehearsal/charts/cluster-autoscaler)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True)
class Settings:
    """Times are in seconds; threshold: a node of which a smaller share is asked for may go."""

    cluster: str
    region: str
    namespace: str
    service_account: str
    interval: float
    scale_down: bool
    delay_after_add: float
    unneeded_time: float
    threshold: float
    grace: float
    keep_system_pods: bool
    keep_local_storage: bool
    balance: bool = False

    @classmethod
    def of(cls, namespace: str, data: Mapping[str, Any]) -> Settings:
        """Settings of a release in a namespace."""
        arguments = data["extraArgs"]
        return cls(
            cluster=data["clusterName"],
            region=data["region"],
            namespace=namespace,
            service_account=data["serviceAccount"],
            interval=seconds(arguments["scan-interval"]),
            scale_down=truth(arguments["scale-down-enabled"]),
            delay_after_add=seconds(arguments["scale-down-delay-after-add"]),
            unneeded_time=seconds(arguments["scale-down-unneeded-time"]),
            threshold=float(arguments["scale-down-utilization-threshold"]),
            grace=float(arguments["max-graceful-termination-sec"]),
            keep_system_pods=truth(arguments["skip-nodes-with-system-pods"]),
            keep_local_storage=truth(arguments["skip-nodes-with-local-storage"]),
            balance=truth(arguments.get("balance-similar-node-groups", "false")),
        )


def seconds(text: object) -> float:
    """A duration as Go writes it, such as 1m30s."""
    parts = re.findall(r"([\d.]+)(ms|s|m|h)", str(text))
    if not parts:
        raise ValueError(f"{text}: no duration such as 10s or 1m30s")
    return sum(float(number) * UNITS[unit] for number, unit in parts)


def truth(value: object) -> bool:
    """A flag that may have come as text."""
    return str(value).lower() == "true"
