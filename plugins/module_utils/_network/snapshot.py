# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What AWS has of one network, read once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ansible_collections.ragops.platform.plugins.module_utils.aws import (
    AwsError,
    tag_dict,
)
from ansible_collections.ragops.platform.plugins.module_utils.reconcile import (
    Api,
)

Item = dict[str, Any]

GONE = ("deleting", "deleted", "failed")
"""States of a NAT gateway or an endpoint that serves nobody any more."""


@dataclass
class Snapshot:
    """The VPC and what is in it, as describe_* calls return it."""

    vpc: Item | None = None
    dns: dict[str, bool] = field(default_factory=dict)
    subnets: list[Item] = field(default_factory=list)
    gateways: list[Item] = field(default_factory=list)
    nats: list[Item] = field(default_factory=list)
    addresses: list[Item] = field(default_factory=list)
    route_tables: list[Item] = field(default_factory=list)
    groups: list[Item] = field(default_factory=list)
    endpoints: list[Item] = field(default_factory=list)


def filters(**values: str) -> list[dict[str, Any]]:
    """Return EC2 filters; `_` in a name stands for `-`, and `tags` for a tag's name."""
    return [{"Name": name.replace("_", "-"), "Values": [value]} for name, value in values.items()]


def tag_filters(name: str, tags: dict[str, str]) -> list[dict[str, Any]]:
    """Return the filters that find the network's own VPC: Name and what identifies the platform."""
    identity = {"Name": name} | {
        key: tags[key] for key in ("Project", "Environment") if key in tags
    }
    return [{"Name": f"tag:{key}", "Values": [value]} for key, value in identity.items()]


def read(api: Api, name: str, tags: dict[str, str]) -> Snapshot:
    """Read the network called `name`; an empty snapshot if there is none.

    Raises:
        AwsError: two VPCs carry the name and the tags.
    """
    vpcs = api.pages("describe_vpcs", "Vpcs", f"VPC {name}", Filters=tag_filters(name, tags))
    if len(vpcs) > 1:
        raise AwsError(
            f"There are {len(vpcs)} VPCs named {name} with this platform's tags: "
            f"{', '.join(vpc['VpcId'] for vpc in vpcs)}. Remove or rename all but one."
        )
    # An address outlives a run that was killed before its gateway was made.
    addresses = api.read(
        "describe_addresses",
        f"addresses of {name}",
        Filters=[{"Name": "tag:Name", "Values": [f"{name}-nat-*"]}],
    )["Addresses"]
    addresses = [item for item in addresses if _same_owner(item, tags)]
    if not vpcs:
        return Snapshot(addresses=addresses)
    return _contents(api, name, vpcs[0], addresses)


def _same_owner(item: Item, tags: dict[str, str]) -> bool:
    current = tag_dict(item.get("Tags"))
    return all(current.get(key) == tags[key] for key in ("Project", "Environment") if key in tags)


def _contents(api: Api, name: str, vpc: Item, addresses: list[Item]) -> Snapshot:
    vpc_id = vpc["VpcId"]
    inside = filters(vpc_id=vpc_id)
    what = f"network {name} ({vpc_id})"
    dns = {}
    for attribute, key in (
        ("enableDnsSupport", "EnableDnsSupport"),
        ("enableDnsHostnames", "EnableDnsHostnames"),
    ):
        answer = api.read("describe_vpc_attribute", what, VpcId=vpc_id, Attribute=attribute)
        dns[key] = bool(answer[key]["Value"])
    nats = api.pages("describe_nat_gateways", "NatGateways", what, Filter=inside)
    endpoints = api.pages("describe_vpc_endpoints", "VpcEndpoints", what, Filters=inside)
    return Snapshot(
        vpc=vpc,
        dns=dns,
        subnets=api.pages("describe_subnets", "Subnets", what, Filters=inside),
        gateways=api.pages(
            "describe_internet_gateways",
            "InternetGateways",
            what,
            Filters=[{"Name": "attachment.vpc-id", "Values": [vpc_id]}],
        ),
        nats=[item for item in nats if item["State"] not in GONE],
        addresses=addresses,
        route_tables=api.pages("describe_route_tables", "RouteTables", what, Filters=inside),
        groups=api.pages("describe_security_groups", "SecurityGroups", what, Filters=inside),
        endpoints=[item for item in endpoints if str(item["State"]).lower() not in GONE],
    )


def named(items: list[Item], name: str) -> Item | None:
    """Return the item whose Name tag is `name`."""
    for item in items:
        if tag_dict(item.get("Tags")).get("Name") == name:
            return item
    return None


def only(items: list[Item], key: str, value: str) -> Item | None:
    """Return the first item with that value."""
    for item in items:
        if item.get(key) == value:
            return item
    return None
