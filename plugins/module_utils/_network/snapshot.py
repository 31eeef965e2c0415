# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What AWS has of one network, read once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .. import ownership
from ..aws import AwsError, tag_dict
from ..reconcile import Api
from .rules import CONTROLLER_TAG, ENDPOINT

Item = dict[str, Any]

GONE = ("deleting", "deleted", "failed")
"""States of a NAT gateway or an endpoint that serves nobody any more."""


@dataclass
class Snapshot:
    """The VPC and what is in it, as describe_* calls return it.

    nats, endpoints: those that serve; leaving_*: ids of those that AWS is still taking down.
    addresses, gateways: also those of ours that a killed run left outside the VPC.
    prefix_lists: ids of the gateway endpoints' addresses by endpoint:<service>.
    """

    vpc: Item | None = None
    dns: dict[str, bool] = field(default_factory=dict)
    subnets: list[Item] = field(default_factory=list)
    gateways: list[Item] = field(default_factory=list)
    nats: list[Item] = field(default_factory=list)
    addresses: list[Item] = field(default_factory=list)
    route_tables: list[Item] = field(default_factory=list)
    groups: list[Item] = field(default_factory=list)
    endpoints: list[Item] = field(default_factory=list)
    leaving_nats: list[str] = field(default_factory=list)
    leaving_endpoints: list[str] = field(default_factory=list)
    prefix_lists: dict[str, str] = field(default_factory=dict)

    def controllers(self, cluster: str) -> set[str]:
        """Return the ids of the groups that the cluster's load balancer controller has made."""
        return {
            str(group["GroupId"])
            for group in self.groups
            if tag_dict(group.get("Tags")).get(CONTROLLER_TAG) == cluster
        }


def filters(**values: str) -> list[dict[str, Any]]:
    """Return EC2 filters; `_` in a name stands for `-`."""
    return [{"Name": name.replace("_", "-"), "Values": [value]} for name, value in values.items()]


def tag_filters(name: str, tags: dict[str, str]) -> list[dict[str, Any]]:
    """Return the filters that find a resource of ours: Name and what proves whose it is."""
    identity = {"Name": name} | ownership.proof(tags)
    return [{"Name": f"tag:{key}", "Values": [value]} for key, value in identity.items()]


def read(api: Api, name: str, tags: dict[str, str], *, removal: bool = False) -> Snapshot:
    """Read the network called `name`; if there is none, what a killed run left of it.

    removal: whether the network is to go; then another's VPC of this name is none of our business.

    Raises:
        AwsError: two VPCs carry the name and the tags, or only one that others tagged.
    """
    called = api.pages("describe_vpcs", "Vpcs", f"VPC {name}", Filters=tag_filters(name, {}))
    vpcs = [vpc for vpc in called if ownership.is_takeable(tag_dict(vpc.get("Tags")), tags)]
    # AWS lets many VPCs have one name: one without any of our tags stands beside ours.
    refuse = ownership.refuse_damaged if removal else ownership.refuse_claimed
    for vpc in [] if vpcs else called:
        refuse(f"vpc {name} ({vpc['VpcId']})", tag_dict(vpc.get("Tags")), tags)
    if len(vpcs) > 1:
        raise AwsError(
            f"There are {len(vpcs)} VPCs named {name} with this platform's tags: "
            f"{', '.join(vpc['VpcId'] for vpc in vpcs)}. Remove or rename all but one."
        )
    # Addresses and internet gateways exist without a VPC, too.
    addresses = api.read(
        "describe_addresses",
        f"addresses of {name}",
        Filters=tag_filters(f"{name}-nat-*", tags),
    )["Addresses"]
    gateways = api.pages(
        "describe_internet_gateways",
        "InternetGateways",
        f"internet gateways of {name}",
        Filters=tag_filters(f"{name}-igw", tags),
    )
    loose = [item for item in gateways if not item.get("Attachments")]
    if not vpcs:
        return Snapshot(addresses=addresses, gateways=loose)
    found = _contents(api, name, vpcs[0])
    found.addresses = addresses
    found.gateways += loose
    return found


def _contents(api: Api, name: str, vpc: Item) -> Snapshot:
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
        route_tables=api.pages("describe_route_tables", "RouteTables", what, Filters=inside),
        groups=api.pages("describe_security_groups", "SecurityGroups", what, Filters=inside),
        endpoints=[item for item in endpoints if str(item["State"]).lower() not in GONE[:2]],
        leaving_nats=_leaving(nats, "NatGatewayId"),
        leaving_endpoints=_leaving(endpoints, "VpcEndpointId"),
    )


def _leaving(items: list[Item], key: str) -> list[str]:
    return [str(item[key]) for item in items if str(item["State"]).lower() == "deleting"]


def read_prefix_lists(api: Api, region: str, services: list[str]) -> dict[str, str]:
    """Return the prefix lists of gateway endpoints, by endpoint:<service>.

    Raises:
        AwsError: the region has none for one of them.
    """
    names = {f"com.amazonaws.{region}.{service}": f"{ENDPOINT}{service}" for service in services}
    if not names:
        return {}
    found = api.pages(
        "describe_prefix_lists",
        "PrefixLists",
        "the addresses of gateway endpoints",
        Filters=[{"Name": "prefix-list-name", "Values": sorted(names)}],
    )
    lists = {names[item["PrefixListName"]]: str(item["PrefixListId"]) for item in found}
    for name, wanted in names.items():
        if wanted not in lists:
            raise AwsError(f"Region {region} has no prefix list {name}. Check the region's name.")
    return lists


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
