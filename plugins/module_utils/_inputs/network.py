# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What the network's inputs must be, by themselves and against those of the cluster."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from string import ascii_lowercase
from typing import Any

from .._network import layout, rules
from ..aws import AwsError
from .roles import Inputs

PRIVATE = tuple(
    ipaddress.ip_network(block) for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
)


def problems(name: str, region: str, inputs: Inputs) -> Iterator[str]:
    """Yield what is wrong with the inputs of role network.

    Args:
        name: platform_name.
        region: platform_region.
        inputs: of the role, typed.
    """
    named = inputs.get("network_availability_zones") or []
    # Which zones the account has only AWS knows (module platform_account_info).
    zones = named or layout.stand_ins(inputs.get("network_zone_count", 2))
    strange = [zone for zone in named if not (zone[:-1] == region and zone[-1:] in ascii_lowercase)]
    if strange:
        yield (
            f"network: network_availability_zones has {', '.join(strange)}: not all are zones of "
            f"{region} (platform_region)."
        )
    options = {
        "name": name,
        "cidr_block": inputs.get("network_cidr_block", ""),
        "availability_zones": zones,
        "public_subnet_cidrs": inputs.get("network_public_subnet_cidrs"),
        "private_subnet_cidrs": inputs.get("network_private_subnet_cidrs"),
    }
    try:
        layout.subnets(options)
    except AwsError as error:
        yield f"network: network_{error}" if str(error)[0].islower() else f"network: {error}"
    yield from _groups(inputs)


def _groups(inputs: Inputs) -> Iterator[str]:
    """Yield what is wrong with security groups and flows; the rules themselves say it."""
    groups = [
        *inputs.get("network_security_groups", []),
        *inputs.get("network_extra_security_groups", []),
    ]
    flows = [*inputs.get("network_flows", []), *inputs.get("network_extra_flows", [])]
    try:
        rules.check_groups(groups)
        rules.of_flows(
            flows,
            # It is there with network_bastion, which other roles' inputs decide.
            [*(group["key"] for group in groups), "bastion"],
            inputs.get("network_gateway_endpoints", []),
        )
    except AwsError as error:
        yield f"network: {error}"


def overlap_problems(network: Inputs, eks: Inputs) -> Iterator[str]:
    """Yield what the cluster's service addresses must not be beside the VPC's."""
    text = eks.get("eks_service_ipv4_cidr") or ""
    if not text:
        return
    try:
        services = ipaddress.ip_network(text)
    except ValueError as error:
        yield f"eks: eks_service_ipv4_cidr '{text}' is no CIDR block: {error}."
        return
    private = any(_within(services, block) for block in PRIVATE)
    if not private or not 12 <= services.prefixlen <= 24:
        yield (
            f"eks: eks_service_ipv4_cidr {text} must be a private block from /12 to /24, as EKS "
            "takes it."
        )
    vpc = _block(network.get("network_cidr_block"))
    if vpc is not None and vpc.overlaps(services):
        yield (
            f"eks: eks_service_ipv4_cidr {text} overlaps network_cidr_block {vpc}: pods could not "
            "reach one of them. Choose a block outside the VPC."
        )


def _within(block: Any, other: Any) -> bool:
    return isinstance(block, ipaddress.IPv4Network) and block.subnet_of(other)


def _block(text: Any) -> ipaddress.IPv4Network | None:
    try:
        return ipaddress.IPv4Network(str(text))
    except ValueError:
        return None
