# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""From a module's options to the resources that a network should have. Pure: no AWS call."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import Any

from ..aws import AwsError

Network = ipaddress.IPv4Network


@dataclass(frozen=True)
class Subnet:
    """One subnet: its place and its tags beyond the network's own."""

    name: str
    cidr: str
    zone: str
    tier: str
    tags: dict[str, str] = field(default_factory=dict)


ROLE_TAGS = {
    "public": {"kubernetes.io/role/elb": "1"},
    "private": {"kubernetes.io/role/internal-elb": "1"},
}


# This host, loopback, link-local (metadata, DNS), multicast, reserved: nothing is routed there.
_NO_NETWORKS = [
    ipaddress.ip_network(block)
    for block in ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3")
]


def computed_cidrs(vpc: Network, tier: str, count: int) -> list[str]:
    """Return default blocks: private a 16th of the VPC each, public a 256th from its last quarter.

    10.20.0.0/16 gives 10.20.0.0/20, 10.20.16.0/20, ... and 10.20.192.0/24, 10.20.193.0/24, ...

    Raises:
        AwsError: the VPC is smaller than /20, so that a public subnet would be under /28.
    """
    if vpc.prefixlen > 20:
        raise AwsError(
            f"cidr_block {vpc} is too small to be divided. Use /16 to /20, or give"
            " public_subnet_cidrs and private_subnet_cidrs."
        )
    if tier == "private":
        size = 2 ** (32 - vpc.prefixlen - 4)
        first, prefix = int(vpc.network_address), vpc.prefixlen + 4
    else:
        size = 2 ** (32 - vpc.prefixlen - 8)
        first, prefix = int(vpc.network_address) + vpc.num_addresses * 3 // 4, vpc.prefixlen + 8
    return [str(ipaddress.ip_network((first + index * size, prefix))) for index in range(count)]


def _network(text: str, option: str) -> Network:
    try:
        network = ipaddress.ip_network(text)
    except ValueError as error:
        raise AwsError(f"{option} {text!r} is not a CIDR block: {error}.") from error
    if not isinstance(network, ipaddress.IPv4Network) or not 16 <= network.prefixlen <= 28:
        raise AwsError(
            f"{option} {text} must be an IPv4 block between /16 and /28, as AWS requires."
        )
    if any(network.overlaps(each) for each in _NO_NETWORKS):
        raise AwsError(
            f"{option} {text} contains addresses that no network may use"
            f" ({', '.join(map(str, _NO_NETWORKS))}). Choose a private block, such as"
            " 10.20.0.0/16."
        )
    return network


def stand_ins(count: int) -> list[str]:
    """Return what stands for zones that are not chosen yet, where only blocks are of interest."""
    return [f"place {number}" for number in range(1, count + 1)]


def subnets(options: dict[str, Any]) -> list[Subnet]:
    """Return the subnets of both tiers, checked to lie in the VPC and not to overlap.

    Args:
        options: name, cidr_block, availability_zones, {public,private}_subnet_cidrs.

    Raises:
        AwsError: a block is malformed, outside the VPC, overlaps, or the counts differ.
    """
    vpc = _network(options["cidr_block"], "cidr_block")
    zones: list[str] = options["availability_zones"]
    if len(set(zones)) != len(zones) or not 2 <= len(zones) <= 3:
        raise AwsError(
            f"availability_zones {zones} must be 2 or 3 different zones, because EKS and RDS do"
            " not accept one."
        )
    found: list[Subnet] = []
    for tier in ("public", "private"):
        option = f"{tier}_subnet_cidrs"
        cidrs = options.get(option) or computed_cidrs(vpc, tier, len(zones))
        if len(cidrs) != len(zones):
            raise AwsError(
                f"{option} has {len(cidrs)} blocks for {len(zones)} availability zones. Give one"
                " block per zone."
            )
        for index, (cidr, zone) in enumerate(zip(cidrs, zones, strict=True), start=1):
            name = f"{options['name']}-{tier}-{index}"
            found.append(Subnet(name, cidr, zone, tier, ROLE_TAGS[tier]))
    _check_blocks(vpc, found)
    return found


def _check_blocks(vpc: Network, wanted: list[Subnet]) -> None:
    taken: list[tuple[Network, str]] = []
    for subnet in wanted:
        block = _network(subnet.cidr, subnet.name)
        if not block.subnet_of(vpc):
            raise AwsError(f"{subnet.name} {block} is outside the VPC's {vpc}.")
        for other, name in taken:
            if block.overlaps(other):
                raise AwsError(f"{subnet.name} {block} overlaps {name} {other}.")
        taken.append((block, subnet.name))


def nat_zones(mode: str, zones: list[str]) -> list[str]:
    """Return the zones that get a NAT gateway for mode none, single or one_per_az."""
    return {"none": [], "single": zones[:1], "one_per_az": list(zones)}[mode]
