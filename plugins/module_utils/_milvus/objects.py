# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What role milvus puts into its namespace beside the chart: who may speak, what a drain leaves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Dict = dict[str, Any]

EVERYWHERE = "0.0.0.0/0"
NOT_PUBLIC = ["169.254.0.0/16", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"]


def client_rules(clients: Iterable[Mapping[str, Any]], port: int) -> list[Dict]:
    """Return a rule for each client; none without any, as a rule without a peer lets all in.

    Args:
        clients: `namespace`, and `labels` of its pods.
        port: that they may reach.
    """
    return [
        {
            "from": [
                {
                    "namespaceSelector": {
                        "matchLabels": {"kubernetes.io/metadata.name": client["namespace"]}
                    },
                    "podSelector": {"matchLabels": client.get("labels", {})},
                }
            ],
            "ports": [{"protocol": "TCP", "port": port}],
        }
        for client in clients
    ]


def peers(cidrs: Iterable[str]) -> list[Dict]:
    """Return the peers of a policy for ranges of addresses.

    Everywhere means public addresses, and not the instance's metadata, the API server or other
    pods.
    """
    public = {"cidr": EVERYWHERE, "except": NOT_PUBLIC}
    return [{"ipBlock": public if cidr == EVERYWHERE else {"cidr": cidr}} for cidr in cidrs]


def budgets(components: Sequence[str], metadata: Mapping[str, Any], pods: Dict) -> list[Dict]:
    """Return a disruption budget for each component: one of its pods may be away.

    Args:
        components: as the chart calls them in the label `component`.
        metadata: of each; its `name` gets the component's behind it.
        pods: labels of all pods of Milvus.
    """
    return [
        {
            "apiVersion": "policy/v1",
            "kind": "PodDisruptionBudget",
            "metadata": {**metadata, "name": f"{metadata['name']}-{component}"},
            "spec": {
                "maxUnavailable": 1,
                "selector": {"matchLabels": {**pods, "component": component}},
            },
        }
        for component in components
    ]
