# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What EC2 still has, of all components: each names its kinds of resources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .._platform.scope import Connect, Scope
from ..aws import Dict, collect, tag_dict
from ..component import Component
from .item import Item, reason
from .vpcs import own_vpcs


def left(connect: Connect, scope: Scope, components: Iterable[Component]) -> list[Item]:
    """Instances, volumes, addresses, interfaces and the rest of the network."""
    connection = connect("ec2")
    vpcs = own_vpcs(connection, scope)
    found = [Item("network", "ec2", "vpc", vpc, False, why) for vpc, why in vpcs.items()]
    for component, kind in ((each.name, kind) for each in components for kind in each.kinds):
        about = f"{kind.type}s of {scope.name}"
        listed = collect(connection, kind.operation, kind.key, about, **kind.arguments)
        for resource in _flat(listed, kind.key):
            why = reason(scope, _tags(resource)) or (
                f"is in the VPC of the platform, {resource['VpcId']}"
                if kind.vpc and resource.get("VpcId") in vpcs
                else ""
            )
            if why and not kind.over(resource):
                id_, billed = str(resource[kind.id]), kind.billed(resource)
                found.append(Item(component, "ec2", kind.type, id_, billed, why, data=kind.data))
    return found


def _flat(listed: Iterable[Dict], key: str) -> list[Dict]:
    """Instances come in reservations; everything else as it is."""
    if key == "Reservations":
        return [instance for group in listed for instance in group.get("Instances", ())]
    return list(listed)


def _tags(resource: Mapping[str, Any]) -> dict[str, str]:
    """Tags; interfaces alone call them TagSet."""
    return tag_dict(resource.get("Tags") or resource.get("TagSet"))
