# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Bring VPC, subnets, gateways and routes to their wanted state.

Every `ensure_*` compares with the snapshot, records before and after in the
plan and returns the id (UNKNOWN in check mode if the resource is still to be
made). Writes go through `Api.write`, which check mode silences.
"""

from __future__ import annotations

from typing import Any

from ..aws import wait_until
from ..reconcile import UNKNOWN
from . import layout
from .run import Run
from .snapshot import Item, filters, named, only, tag_filters

ANYWHERE = "0.0.0.0/0"


def ensure_vpc(run: Run) -> str:
    """Make the VPC, its DNS attributes and its tags."""
    label, cidr = f"vpc {run.name}", run.options["cidr_block"]
    wanted = {"cidr_block": cidr, "dns_support": True, "dns_hostnames": True}
    if run.seen.vpc is None:
        run.plan.record(label, None, {**wanted, "tags": run.tags(run.name)})
        answer = run.api.create(
            "create_vpc",
            label,
            lambda: run.find("describe_vpcs", "Vpc", tag_filters(run.name, run.options["tags"])),
            CidrBlock=cidr,
            TagSpecifications=run.specification("vpc", run.name),
        )
        vpc_id = str(answer.get("Vpc", {}).get("VpcId", UNKNOWN))
        dns = {"EnableDnsSupport": True, "EnableDnsHostnames": False}
        if not run.api.check_mode:
            run.seen.groups = [_default_group(run, label, vpc_id)]
    else:
        vpc_id = str(run.seen.vpc["VpcId"])
        dns = run.seen.dns
        before, after = run.settle(label, run.seen.vpc, vpc_id, run.name)
        current = {
            "cidr_block": cidr,
            "dns_support": dns["EnableDnsSupport"],
            "dns_hostnames": dns["EnableDnsHostnames"],
        }
        run.plan.record(label, {**current, **before}, {**wanted, **after})
    for attribute, enabled in dns.items():
        if not enabled:
            run.api.write(
                "modify_vpc_attribute", label, VpcId=vpc_id, **{attribute: {"Value": True}}
            )
    return vpc_id


def _default_group(run: Run, label: str, vpc_id: str) -> Item:
    """Return the group that AWS made with a new VPC, once it is seen: it is to be closed now."""
    found: list[Item] = []

    def pending() -> str | None:
        found[:] = run.api.pages(
            "describe_security_groups",
            "SecurityGroups",
            label,
            Filters=filters(vpc_id=vpc_id, group_name="default"),
        )
        return None if found else "AWS has yet to show it"

    wait_until(f"default security group of {label}", pending, timeout=run.timeout, interval=5)
    return found[0]


def ensure_subnet(run: Run, vpc_id: str, subnet: layout.Subnet) -> str:
    """Make one subnet; instances in it get no public address, in neither tier."""
    label = f"subnet {subnet.name}"
    wanted = {
        "cidr_block": subnet.cidr,
        "availability_zone": subnet.zone,
        "map_public_ip_on_launch": False,
    }
    item = only(run.seen.subnets, "CidrBlock", subnet.cidr)
    if item is None:
        run.plan.record(label, None, {**wanted, "tags": run.tags(subnet.name, subnet.tags)})
        answer = run.api.create(
            "create_subnet",
            label,
            lambda: run.find(
                "describe_subnets", "Subnet", filters(vpc_id=vpc_id, cidr_block=subnet.cidr)
            ),
            VpcId=vpc_id,
            CidrBlock=subnet.cidr,
            AvailabilityZone=subnet.zone,
            TagSpecifications=run.specification("subnet", subnet.name, subnet.tags),
        )
        return str(answer.get("Subnet", {}).get("SubnetId", UNKNOWN))
    subnet_id = str(item["SubnetId"])
    public = bool(item.get("MapPublicIpOnLaunch"))
    if public:
        run.api.write(
            "modify_subnet_attribute",
            label,
            SubnetId=subnet_id,
            MapPublicIpOnLaunch={"Value": False},
        )
    before, after = run.settle(label, item, subnet_id, subnet.name, subnet.tags)
    run.plan.record(
        label, {**wanted, "map_public_ip_on_launch": public, **before}, {**wanted, **after}
    )
    return subnet_id


def ensure_internet_gateway(run: Run, vpc_id: str) -> str:
    """Make and attach the internet gateway; one that a killed run left unattached is taken up."""
    name = f"{run.name}-igw"
    label = f"internet gateway {name}"
    attached = [item for item in run.seen.gateways if item.get("Attachments")]
    for item in attached or run.seen.gateways:
        gateway_id = str(item["InternetGatewayId"])
        before, after = run.settle(label, item, gateway_id, name)
        run.plan.record(label, {"attached": bool(attached), **before}, {"attached": True, **after})
        break
    else:
        run.plan.record(label, None, {"attached": True, "tags": run.tags(name)})
        answer = run.api.create(
            "create_internet_gateway",
            label,
            lambda: run.find(
                "describe_internet_gateways",
                "InternetGateway",
                tag_filters(name, run.options["tags"]),
            ),
            TagSpecifications=run.specification("internet-gateway", name),
        )
        gateway_id = str(answer.get("InternetGateway", {}).get("InternetGatewayId", UNKNOWN))
    if not attached:
        place = [
            *filters(internet_gateway_id=gateway_id),
            {"Name": "attachment.vpc-id", "Values": [vpc_id]},
        ]
        run.api.create(
            "attach_internet_gateway",
            label,
            lambda: run.find("describe_internet_gateways", "InternetGateway", place),
            VpcId=vpc_id,
            InternetGatewayId=gateway_id,
        )
    return gateway_id


def ensure_route_table(
    run: Run, vpc_id: str, name: str, subnet_ids: list[str], default: tuple[str, str] | None
) -> str:
    """Make a route table with its default route and its subnets.

    Args:
        default: the target of 0.0.0.0/0 as (parameter of create_route, id); None for no such
            route. Other routes (endpoints, peerings) are left alone.
    """
    label = f"route table {name}"
    own = run.takeable(run.seen.route_tables)
    item = named(own, name) or _table_of(own, subnet_ids)
    wanted = {"default_route": default[1] if default else None, "subnets": sorted(subnet_ids)}
    if item is None:
        run.plan.record(label, None, {**wanted, "tags": run.tags(name)})
        answer = run.api.write(
            "create_route_table",
            label,
            VpcId=vpc_id,
            TagSpecifications=run.specification("route-table", name),
        )
        table_id = str(answer.get("RouteTable", {}).get("RouteTableId", UNKNOWN))
        item = {}
        before: dict[str, Any] | None = None
        after: dict[str, Any] = {}
    else:
        table_id = str(item["RouteTableId"])
        before, after = run.settle(label, item, table_id, name)
    target = _ensure_default_route(run, label, table_id, item, default)
    associated = _ensure_associations(run, label, table_id, item, subnet_ids)
    if before is not None:
        run.plan.record(
            label,
            {"default_route": target, "subnets": sorted(associated), **before},
            {**wanted, "subnets": sorted(associated | set(subnet_ids)), **after},
        )
    return table_id


def _table_of(tables: list[Item], subnet_ids: list[str]) -> Item | None:
    for table in tables:
        held = {item.get("SubnetId") for item in table.get("Associations") or []}
        if held & set(subnet_ids):
            return table
    return None


def _ensure_default_route(
    run: Run, label: str, table_id: str, item: Item, default: tuple[str, str] | None
) -> str | None:
    """Create, replace or delete the route to anywhere; return its target before."""
    route = only(item.get("Routes") or [], "DestinationCidrBlock", ANYWHERE)
    current = None
    if route is not None:
        targets = ("NatGatewayId", "GatewayId", "TransitGatewayId", "NetworkInterfaceId")
        current = next((str(route[key]) for key in targets if route.get(key)), "unknown")
        if route.get("State") == "blackhole":
            current = f"{current} (blackhole)"
    place = {"RouteTableId": table_id, "DestinationCidrBlock": ANYWHERE}
    if default is None:
        if route is not None:
            run.api.write("delete_route", label, **place)
    elif current != default[1]:
        operation = "create_route" if route is None else "replace_route"
        run.api.write(operation, label, **place, **{default[0]: default[1]})
    return current


def _ensure_associations(
    run: Run, label: str, table_id: str, item: Item, subnet_ids: list[str]
) -> set[str]:
    """Associate the subnets, also those that another table holds; return those before."""
    own = {
        str(entry["SubnetId"]) for entry in item.get("Associations") or [] if "SubnetId" in entry
    }
    for subnet_id in subnet_ids:
        if subnet_id in own:
            continue
        held = _association(run, subnet_id)
        if held is None:
            run.api.write("associate_route_table", label, RouteTableId=table_id, SubnetId=subnet_id)
        else:
            run.api.write(
                "replace_route_table_association", label, AssociationId=held, RouteTableId=table_id
            )
    return own


def _association(run: Run, subnet_id: str) -> str | None:
    for table in run.seen.route_tables:
        for entry in table.get("Associations") or []:
            if entry.get("SubnetId") == subnet_id:
                return str(entry["RouteTableAssociationId"])
    return None
