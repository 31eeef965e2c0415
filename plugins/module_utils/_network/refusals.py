# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What AWS cannot change in place: refused, with the way out, before anything is sent."""

from __future__ import annotations

import ipaddress
from typing import Any

from .. import ownership
from ..aws import AwsError, tag_dict
from . import layout
from .endpoints import service_name
from .groups import group_name
from .run import Run
from .snapshot import Item, named, only


def check(run: Run, subnets: list[layout.Subnet]) -> None:
    """Raise AwsError for the first wish that cannot be had without making things anew."""
    if run.seen.vpc is None:
        return
    _check_owners(run, subnets)
    _check_block(run, run.seen.vpc)
    for subnet in subnets:
        _check_subnet(run, subnet)
    _check_others(run, subnets)
    for group in run.options["security_groups"]:
        _check_group(run, group)


def _check_owners(run: Run, subnets: list[layout.Subnet]) -> None:
    """Refuse what would be taken up for its place or name, and which others made in our VPC."""
    blocks = [subnet.cidr for subnet in subnets]
    services = [*run.options["gateway_endpoints"], *run.options["interface_endpoints"]]
    group_names = [group_name(run.name, group["key"]) for group in run.options["security_groups"]]
    # kind, what is there, the key by which it would be found and its values, the key of its id
    kinds: tuple[tuple[str, list[Item], str, list[str], str], ...] = (
        ("subnet", run.seen.subnets, "CidrBlock", blocks, "SubnetId"),
        ("security group", run.seen.groups, "GroupName", group_names, "GroupId"),
        (
            "endpoint",
            run.seen.endpoints,
            "ServiceName",
            [service_name(run, service) for service in services],
            "VpcEndpointId",
        ),
    )
    for kind, items, key, values, id_key in kinds:
        for item in items:
            if item[key] in values:
                _refuse_others(run, f"{kind} {item[key]} ({item[id_key]})", item)
    for item in run.seen.gateways:
        if item.get("Attachments"):
            _refuse_others(run, f"internet gateway {item['InternetGatewayId']}", item)
    # A table or NAT gateway of somebody else's is no hindrance, unless it has the name of ours.
    for kind, items, id_key in (
        ("route table", run.seen.route_tables, "RouteTableId"),
        ("nat gateway", run.seen.nats, "NatGatewayId"),
    ):
        for item in items:
            name = tag_dict(item.get("Tags")).get("Name", "")
            if name.startswith(f"{run.name}-"):
                _refuse_others(run, f"{kind} {name} ({item[id_key]})", item)


def _refuse_others(run: Run, label: str, item: Item) -> None:
    place = f"{label} in VPC {(run.seen.vpc or {})['VpcId']}"
    ownership.refuse_others(place, tag_dict(item.get("Tags")), run.options["tags"])


def _check_block(run: Run, vpc: Item) -> None:
    wanted = run.options["cidr_block"]
    if vpc["CidrBlock"] != wanted:
        raise AwsError(
            f"vpc {run.name} ({vpc['VpcId']}) has {vpc['CidrBlock']}, not {wanted}, and AWS cannot"
            f" change it. Keep cidr_block {vpc['CidrBlock']}, or destroy the environment first."
            " Nothing was changed."
        )


def _check_subnet(run: Run, subnet: layout.Subnet) -> None:
    item = only(run.seen.subnets, "CidrBlock", subnet.cidr)
    if item is not None and item["AvailabilityZone"] != subnet.zone:
        raise AwsError(
            f"subnet {subnet.name} ({item['SubnetId']}, {subnet.cidr}) is in"
            f" {item['AvailabilityZone']}, not in {subnet.zone}, and AWS cannot move it. Keep the"
            " order of availability_zones, and append new zones. Nothing was changed."
        )
    known = named(run.own(run.seen.subnets), subnet.name)
    if item is None and known is not None:
        raise AwsError(
            f"subnet {subnet.name} ({known['SubnetId']}) has {known['CidrBlock']}, not"
            f" {subnet.cidr}, and AWS cannot change it. Keep the block in"
            f" {subnet.tier}_subnet_cidrs. Or move the resources in this subnet, delete the subnet"
            " by hand, and run again. Nothing was changed."
        )


def _check_others(run: Run, subnets: list[layout.Subnet]) -> None:
    wanted = {subnet.cidr for subnet in subnets}
    others = [item for item in run.seen.subnets if item["CidrBlock"] not in wanted]
    for item in others:
        name = tag_dict(item.get("Tags")).get("Name", "unnamed")
        if run.own([item], "Component"):
            raise AwsError(
                f"subnet {name} ({item['SubnetId']}, {item['CidrBlock']} in"
                f" {item['AvailabilityZone']}) belongs to this network, but its zone is not in"
                " availability_zones any more. A zone can be added, but not removed while it is in"
                " use. Put the zone back into availability_zones. Or move the resources in the"
                " subnet (cluster, data stores, NAT gateway), delete the subnet by hand, and run"
                " again. Nothing was changed."
            )
        block = ipaddress.ip_network(item["CidrBlock"])
        for subnet in subnets:
            if block.overlaps(ipaddress.ip_network(subnet.cidr)):
                raise AwsError(
                    f"subnet {subnet.name} {subnet.cidr} overlaps {item['SubnetId']} ({name},"
                    f" {item['CidrBlock']}), which somebody else created in this VPC. Choose"
                    f" another block in {subnet.tier}_subnet_cidrs. Nothing was changed."
                )


def _check_group(run: Run, group: dict[str, Any]) -> None:
    name = group_name(run.name, group["key"])
    item = only(run.seen.groups, "GroupName", name)
    if item is None:
        return
    if item["Description"] != group["description"]:
        raise AwsError(
            f"security group {name} ({item['GroupId']}) has the description "
            f"{item['Description']!r}, not {group['description']!r}, and AWS cannot change it. "
            "Keep the description, or give the group another key. Nothing was changed."
        )
    tag = tag_dict(item.get("Tags")).get("SecurityGroup")
    if tag not in (None, group["key"]):
        raise AwsError(
            f"security group {name} ({item['GroupId']}) is tagged SecurityGroup={tag}, not"
            f" {group['key']}. Two keys result in the same name. Rename one of them. Nothing was"
            " changed."
        )
