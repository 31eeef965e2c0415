# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What the addresses of a cluster's Services must be, by themselves and beside the VPC's."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Any

from .._inputs.rules import Inputs

PRIVATE = tuple(
    ipaddress.ip_network(block) for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
)


def problems(eks: Inputs, network: Inputs) -> Iterator[str]:
    """Yield what is wrong with the cluster's service addresses, beside the VPC's, too.

    Args:
        eks, network: inputs of these roles; {} without one.
    """
    text = eks.get("eks_service_ipv4_cidr") or ""
    if not text:
        return
    try:
        services = ipaddress.ip_network(text)
    except ValueError as error:
        yield f"eks: eks_service_ipv4_cidr '{text}' is not a CIDR block: {error}."
        return
    private = any(_within(services, block) for block in PRIVATE)
    if not private or not 12 <= services.prefixlen <= 24:
        yield (
            f"eks: eks_service_ipv4_cidr {text} must be a private block from /12 to /24, as EKS"
            " requires."
        )
    vpc = _block(network.get("network_cidr_block"))
    if vpc is not None and vpc.overlaps(services):
        yield (
            f"eks: eks_service_ipv4_cidr {text} overlaps network_cidr_block {vpc}, so pods could"
            " not reach some addresses. Choose a block outside the VPC."
        )


def _within(block: Any, other: Any) -> bool:
    return isinstance(block, ipaddress.IPv4Network) and block.subnet_of(other)


def _block(text: Any) -> ipaddress.IPv4Network | None:
    try:
        return ipaddress.IPv4Network(str(text))
    except ValueError:
        return None
