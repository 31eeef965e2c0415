# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""From where the platform is driven: there must be a way to the API server before there is one."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterator, Mapping
from typing import Any

WAYS = ("public", "tunnel", "private")
OPEN_UP_TO = 7
"""A block with a prefix as short as this is the internet, whatever it is called."""

CHOICE = (
    "set it to tunnel (through the bastion by SSM; needs no address of yours), public (with the "
    "public ranges that you come from in platform_access_cidr_blocks) or private (you run inside "
    "the VPC or a network that is connected to it, whose ranges are in platform_access_cidr_blocks)"
)

Inputs = Mapping[str, Any]


def problems(
    shared: Inputs, components: Collection[str], eks: Inputs, network: Inputs
) -> Iterator[str]:
    """Yield what is wrong with the way to the API server.

    Args:
        shared: the variables of a component.
        components: all components of the inventory.
        eks: inputs of role eks.
        network: inputs of role network.
    """
    # Whoever brings a kubeconfig has a way already.
    if shared.get("platform_kubeconfig"):
        return
    way = str(shared.get("platform_access") or "")
    given = shared.get("platform_access_cidr_blocks") or []
    # Of another type it is refused already (shared.py).
    blocks = list(given) if isinstance(given, list) else []
    if way not in WAYS:
        told = f"is '{way}'" if way else "is not set"
        yield (
            f"platform_access {told}, so nobody knows from where the API server of the cluster "
            f"is to be reached: {CHOICE}."
        )
    for block in blocks:
        yield from _block(str(block), way)
    if way == "public":
        yield from _public(blocks, shared, eks)
    elif way == "tunnel":
        yield from _tunnel(blocks, shared, components)
    elif way == "private":
        yield from _private(blocks, network)


def _block(block: str, way: str) -> Iterator[str]:
    label = f"platform_access_cidr_blocks has '{block}'"
    try:
        network = ipaddress.ip_network(block)
    except ValueError as error:
        yield f"{label}, which is no CIDR block: {error}."
        return
    if way == "public" and network.prefixlen > OPEN_UP_TO and not network.is_global:
        yield (
            f"{label}, which is no range of the internet: EKS lets public addresses only through "
            "its public endpoint. Give the address that your network has outside, or set "
            "platform_access to private."
        )
    if way == "private" and network.version != 4:
        yield f"{label}: role network's rules take IPv4. Give an IPv4 block."
    elif way == "private" and network.prefixlen <= OPEN_UP_TO:
        yield f"{label}, which is no network that is connected: name the ranges that you run in."


def _public(blocks: list[Any], shared: Inputs, eks: Inputs) -> Iterator[str]:
    ranges = [*blocks, *(eks.get("eks_allowed_cidr_blocks") or [])]
    if not ranges:
        yield (
            "platform_access is public and platform_access_cidr_blocks is empty, so the API server "
            "would let nobody in: name the public ranges that you come from, such as "
            "['198.51.100.7/32'], or set platform_access to tunnel."
        )
    yield from opened(
        blocks,
        "platform_access_cidr_blocks",
        str(shared.get("platform_environment", "")),
        eks.get("eks_open_environments", ["dev"]),
    )


def _tunnel(blocks: list[Any], shared: Inputs, components: Collection[str]) -> Iterator[str]:
    if "bastion" not in components or _is_off(shared.get("platform_bastion", True)):
        lacking = "the inventory has no component bastion"
        if "bastion" in components:
            lacking = "platform_bastion is false"
        yield (
            f"platform_access is tunnel, which leads through the bastion, and {lacking}: leave "
            "platform_bastion out (tunnel turns it on) and the component in, or choose another way."
        )
    if blocks:
        yield (
            "platform_access is tunnel, and platform_access_cidr_blocks has ranges, which no "
            "tunnel needs: take them out, or set platform_access to public or private."
        )


def _is_off(value: Any) -> bool:
    return str(value).lower() in ("false", "no", "off", "0", "n", "f")


def _private(blocks: list[Any], network: Inputs) -> Iterator[str]:
    flows = network.get("network_extra_flows") or []
    if not blocks and not any(flow.get("to") == "eks_cluster" for flow in flows):
        yield (
            "platform_access is private, and nothing says from where: the control plane's security "
            "group would admit nobody. Name the ranges that you run in in "
            "platform_access_cidr_blocks, or admit a security group by network_extra_flows "
            "(to eks_cluster on 443; with interface endpoints, to endpoints, too)."
        )


def opened(
    ranges: Collection[Any], option: str, environment: str, allowed: Collection[str]
) -> Iterator[str]:
    """Yield that ranges open the API server to the internet where that is refused."""
    wide = [str(block) for block in ranges if _is_open(str(block))]
    if wide and environment not in allowed:
        yield (
            f"eks: {option} opens the API server to the whole internet ({', '.join(wide)}); in "
            f"{environment} that is refused. Name the ranges that need it, or leave it empty."
        )


def _is_open(block: str) -> bool:
    try:
        return ipaddress.ip_network(block).prefixlen <= OPEN_UP_TO
    except ValueError:  # said elsewhere
        return False
