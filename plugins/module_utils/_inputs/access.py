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
    "set it to tunnel, public or private. tunnel goes through the bastion by SSM, and needs no"
    " addresses. public needs the public addresses of your network in platform_access_cidr_blocks."
    " private is for runs inside the VPC or a connected network, whose CIDR blocks must be in"
    " platform_access_cidr_blocks"
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
            f"platform_access {told}, so the run does not know how to reach the API server of the"
            f" cluster: {CHOICE}."
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
        yield f"{label}, which is not a CIDR block: {error}."
        return
    if way == "public" and network.prefixlen > OPEN_UP_TO and not network.is_global:
        yield (
            f"{label}, which is not a public CIDR block. The public endpoint of EKS admits public"
            " addresses only. Give the public address of your network, or set platform_access to"
            " private."
        )
    if way == "private" and network.version != 4:
        yield f"{label}, but the rules of role network support IPv4 only. Give an IPv4 block."
    elif way == "private" and network.prefixlen <= OPEN_UP_TO:
        yield (
            f"{label}, which is not the CIDR block of a connected network. Give the CIDR blocks"
            " of the network in which you run."
        )


def _public(blocks: list[Any], shared: Inputs, eks: Inputs) -> Iterator[str]:
    ranges = [*blocks, *(eks.get("eks_allowed_cidr_blocks") or [])]
    if not ranges:
        yield (
            "platform_access is public and platform_access_cidr_blocks is empty, so the API server"
            " would admit nobody. Give the public addresses of your network, such as"
            " ['198.51.100.7/32'], or set platform_access to tunnel."
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
            f"platform_access is tunnel, which needs the bastion, but {lacking}. Remove"
            " platform_bastion from the inventory (tunnel sets it) and keep the component bastion,"
            " or choose another value."
        )
    if blocks:
        yield (
            "platform_access is tunnel, and platform_access_cidr_blocks is not empty, but a tunnel"
            " does not use it. Remove the CIDR blocks, or set platform_access to public or"
            " private."
        )


def _is_off(value: Any) -> bool:
    return str(value).lower() in ("false", "no", "off", "0", "n", "f")


def _private(blocks: list[Any], network: Inputs) -> Iterator[str]:
    flows = network.get("network_extra_flows") or []
    if not blocks and not any(flow.get("to") == "eks_cluster" for flow in flows):
        yield (
            "platform_access is private, but no source is given, so the security group of the"
            " control plane would admit nobody. Set platform_access_cidr_blocks to the CIDR blocks"
            " of the network in which you run. Or admit a security group with network_extra_flows"
            " (to eks_cluster on 443, and with interface endpoints also to endpoints)."
        )


def opened(
    ranges: Collection[Any], option: str, environment: str, allowed: Collection[str]
) -> Iterator[str]:
    """Yield that ranges open the API server to the internet where that is refused."""
    wide = [str(block) for block in ranges if _is_open(str(block))]
    if wide and environment not in allowed:
        yield (
            f"eks: {option} opens the API server to the whole internet ({', '.join(wide)}). This"
            f" is not allowed in {environment}. List only the CIDR blocks that need access, or"
            " leave it empty."
        )


def _is_open(block: str) -> bool:
    try:
        return ipaddress.ip_network(block).prefixlen <= OPEN_UP_TO
    except ValueError:  # said elsewhere
        return False
