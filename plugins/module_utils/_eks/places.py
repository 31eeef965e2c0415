# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Where a cluster's API server may be: checks of subnets and of public ranges."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network, ip_network
from typing import Any

from ..aws import AwsError, call

MOST_RANGES = 40
# EKS refuses ranges that can't come from the internet.
INTERNAL = tuple(
    IPv4Network(block)
    for block in (
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "224.0.0.0/4",
    )
)


def check_ranges(ranges: Sequence[str]) -> None:
    """Raise AwsError for public ranges that EKS would refuse."""
    if len(ranges) > MOST_RANGES:
        raise AwsError(
            f"{len(ranges)} public CIDR blocks, but EKS allows at most {MOST_RANGES}. Merge"
            " adjacent blocks, or use a VPN."
        )
    for text in ranges:
        try:
            network = ip_network(text)
        except ValueError as error:
            raise AwsError(
                f"Public range '{text}' is not a CIDR block: {error}. Write it as 203.0.113.0/24."
            ) from error
        if isinstance(network, IPv4Network) and (
            inner := [block for block in INTERNAL if network.subnet_of(block)]
        ):
            raise AwsError(
                f"Public range {text} is in {inner[0]}, which is not a public address range, so"
                " EKS refuses it. Inside the VPC use the private endpoint."
            )


def check_subnets(ec2: Any, cluster: str, before: Sequence[str], after: Sequence[str]) -> None:
    """Raise AwsError unless EKS can move the cluster's interfaces to the other subnets.

    They must be of the same VPC, and of the availability zones of the cluster's creation.
    """
    answer = call(
        ec2,
        "describe_subnets",
        f"subnets of EKS cluster {cluster}",
        Filters=[{"Name": "subnet-id", "Values": sorted({*before, *after})}],
    )
    found = {item["SubnetId"]: item for item in (answer or {})["Subnets"]}
    if unknown := sorted(set(after) - set(found)):
        raise AwsError(
            f"EKS cluster {cluster} cannot use these subnets, because they do not exist:"
            f" {', '.join(unknown)}."
        )
    vpcs = {item["VpcId"] for item in found.values()}
    if len(vpcs) > 1:
        raise AwsError(
            f"EKS cluster {cluster} cannot move to another VPC, but the given subnets are in"
            f" another VPC ({', '.join(sorted(vpcs))}). Give subnets of the same VPC, or create a"
            " new cluster."
        )
    zones = [
        sorted({found[name]["AvailabilityZone"] for name in names if name in found})
        for names in (before, after)
    ]
    if zones[0] != zones[1]:
        raise AwsError(
            f"EKS cluster {cluster} is in the zones {', '.join(zones[0])}, but the given subnets"
            f" are in {', '.join(zones[1])}, and AWS cannot change that. Keep a subnet in each"
            " zone, or create a new cluster."
        )
