# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Bring a network to its wanted state.

Every `ensure_*` compares with the snapshot, records before and after in the
plan and returns the id (UNKNOWN in check mode if the resource is still to be
made). Writes go through `Api.write`, which check mode silences.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ansible_collections.ragops.platform.plugins.module_utils._network import layout
from ansible_collections.ragops.platform.plugins.module_utils._network.snapshot import (
    GONE,
    Item,
    Snapshot,
    filters,
    named,
    only,
)
from ansible_collections.ragops.platform.plugins.module_utils.aws import (
    AwsError,
    tag_dict,
    wait_until,
)
from ansible_collections.ragops.platform.plugins.module_utils.reconcile import (
    UNKNOWN,
    Api,
    Plan,
    missing_tags,
    tag_list,
)

ANYWHERE = "0.0.0.0/0"


@dataclass
class Run:
    """What all steps of one run need."""

    api: Api
    plan: Plan
    seen: Snapshot
    options: dict[str, Any]

    @property
    def name(self) -> str:
        """Return the network's name, the prefix of all its resources."""
        return str(self.options["name"])

    def tags(self, name: str, extra: dict[str, str] | None = None) -> dict[str, str]:
        """Return the tags that a resource of this name must carry."""
        return {**self.options["tags"], **(extra or {}), "Name": name}

    def specification(self, kind: str, name: str, extra: dict[str, str] | None = None) -> Any:
        """Return TagSpecifications for a create call."""
        return [{"ResourceType": kind, "Tags": tag_list(self.tags(name, extra))}]

    def settle(
        self, label: str, item: Item, item_id: str, name: str, extra: dict[str, str] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Add the tags that an existing resource lacks; return (tags before, tags after)."""
        current = tag_dict(item.get("Tags"))
        wanted = self.tags(name, extra)
        missing = missing_tags(current, wanted)
        if missing:
            self.api.write("create_tags", label, Resources=[item_id], Tags=tag_list(missing))
        shown = {key: current[key] for key in wanted if key in current}
        return {"tags": shown}, {"tags": wanted}


def ensure_vpc(run: Run) -> str:
    """Make the VPC, its DNS attributes and its tags."""
    label, cidr = f"vpc {run.name}", run.options["cidr_block"]
    wanted = {"cidr_block": cidr, "dns_support": True, "dns_hostnames": True}
    if run.seen.vpc is None:
        run.plan.record(label, None, {**wanted, "tags": run.tags(run.name)})
        answer = run.api.write(
            "create_vpc",
            label,
            CidrBlock=cidr,
            TagSpecifications=run.specification("vpc", run.name),
        )
        vpc_id = str(answer.get("Vpc", {}).get("VpcId", UNKNOWN))
        dns = {"EnableDnsSupport": True, "EnableDnsHostnames": False}
        if not run.api.check_mode:
            # AWS made the default group with the VPC: it is to be closed in this run.
            run.seen.groups = run.api.pages(
                "describe_security_groups",
                "SecurityGroups",
                label,
                Filters=filters(vpc_id=vpc_id),
            )
    else:
        vpc_id = str(run.seen.vpc["VpcId"])
        if run.seen.vpc["CidrBlock"] != cidr:
            raise AwsError(
                f"{label} ({vpc_id}) has {run.seen.vpc['CidrBlock']}, wanted is {cidr}: AWS cannot "
                "change it. Keep cidr_block, or destroy the environment first."
            )
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
        answer = run.api.write(
            "create_subnet",
            label,
            VpcId=vpc_id,
            CidrBlock=subnet.cidr,
            AvailabilityZone=subnet.zone,
            TagSpecifications=run.specification("subnet", subnet.name, subnet.tags),
        )
        return str(answer.get("Subnet", {}).get("SubnetId", UNKNOWN))
    subnet_id = str(item["SubnetId"])
    if item["AvailabilityZone"] != subnet.zone:
        raise AwsError(
            f"{label} ({subnet_id}) lies in {item['AvailabilityZone']}, wanted is {subnet.zone}: "
            "AWS cannot move it. Keep availability_zones in their order, or give another block."
        )
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
    if run.seen.gateways:
        item = run.seen.gateways[0]
        gateway_id = str(item["InternetGatewayId"])
        before, after = run.settle(label, item, gateway_id, name)
        run.plan.record(label, {"attached": True, **before}, {"attached": True, **after})
        return gateway_id
    run.plan.record(label, None, {"attached": True, "tags": run.tags(name)})
    stray = run.api.pages(
        "describe_internet_gateways",
        "InternetGateways",
        label,
        Filters=[{"Name": "tag:Name", "Values": [name]}],
    )
    stray = [item for item in stray if not item.get("Attachments")]
    if stray:
        gateway_id = str(stray[0]["InternetGatewayId"])
    else:
        answer = run.api.write(
            "create_internet_gateway",
            label,
            TagSpecifications=run.specification("internet-gateway", name),
        )
        gateway_id = str(answer.get("InternetGateway", {}).get("InternetGatewayId", UNKNOWN))
    run.api.write("attach_internet_gateway", label, VpcId=vpc_id, InternetGatewayId=gateway_id)
    return gateway_id


def ensure_nat(run: Run, zone: str, subnet_id: str) -> str:
    """Start one NAT gateway with an address of its own; `await_nats` waits for it."""
    name = f"{run.name}-nat-{zone}"
    label = f"nat gateway {name}"
    item = only(run.seen.nats, "SubnetId", subnet_id)
    if item is not None:
        nat_id = str(item["NatGatewayId"])
        before, after = run.settle(label, item, nat_id, name)
        run.plan.record(label, {"zone": zone, **before}, {"zone": zone, **after})
        return nat_id
    run.plan.record(label, None, {"zone": zone, "tags": run.tags(name)})
    address = named(run.seen.addresses, name)
    if address is None or address.get("AssociationId"):
        address = run.api.write(
            "allocate_address",
            f"address {name}",
            Domain="vpc",
            TagSpecifications=run.specification("elastic-ip", name),
        )
    answer = run.api.write(
        "create_nat_gateway",
        label,
        SubnetId=subnet_id,
        AllocationId=address.get("AllocationId", UNKNOWN),
        TagSpecifications=run.specification("natgateway", name),
    )
    return str(answer.get("NatGateway", {}).get("NatGatewayId", UNKNOWN))


def await_nats(run: Run, nat_ids: list[str]) -> None:
    """Wait until the gateways carry traffic: AWS takes a route to them only then."""
    if run.api.check_mode or not nat_ids:
        return
    label = f"nat gateways of {run.name}"

    def pending() -> str | None:
        found = run.api.pages("describe_nat_gateways", "NatGateways", label, NatGatewayIds=nat_ids)
        for item in found:
            if item["State"] in GONE:
                raise AwsError(
                    f"nat gateway {item['NatGatewayId']} is {item['State']}: "
                    f"{item.get('FailureMessage', 'AWS gives no reason')}. Remove it, run again."
                )
        waiting = [f"{i['NatGatewayId']} {i['State']}" for i in found if i["State"] != "available"]
        return ", ".join(waiting) or None

    wait_until(label, pending, timeout=run.options["wait_timeout"])


def ensure_route_table(
    run: Run, vpc_id: str, name: str, subnet_ids: list[str], default: tuple[str, str] | None
) -> str:
    """Make a route table with its default route and its subnets.

    Args:
        default: the target of 0.0.0.0/0 as (parameter of create_route, id); None for no such
            route. Other routes (endpoints, peerings) are left alone.
    """
    label = f"route table {name}"
    item = named(run.seen.route_tables, name) or _table_of(run, subnet_ids)
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
            {**wanted, **after},
        )
    return table_id


def _table_of(run: Run, subnet_ids: list[str]) -> Item | None:
    for table in run.seen.route_tables:
        own = {item.get("SubnetId") for item in table.get("Associations") or []}
        if own & set(subnet_ids):
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


def ensure_gateway_endpoint(run: Run, vpc_id: str, service: str, table_ids: list[str]) -> str:
    """Make the gateway endpoint of `service` (such as s3) in all route tables."""
    name = f"{run.name}-{service}"
    label = f"gateway endpoint {name}"
    full = f"com.amazonaws.{run.options['region']}.{service}"
    item = only(run.seen.endpoints, "ServiceName", full)
    wanted = {"service": full, "route_tables": sorted(table_ids)}
    if item is None:
        run.plan.record(label, None, {**wanted, "tags": run.tags(name)})
        answer = run.api.write(
            "create_vpc_endpoint",
            label,
            VpcEndpointType="Gateway",
            VpcId=vpc_id,
            ServiceName=full,
            RouteTableIds=table_ids,
            TagSpecifications=run.specification("vpc-endpoint", name),
        )
        return str(answer.get("VpcEndpoint", {}).get("VpcEndpointId", UNKNOWN))
    endpoint_id = str(item["VpcEndpointId"])
    current = set(item.get("RouteTableIds") or [])
    missing = [table for table in table_ids if table not in current]
    if missing:
        run.api.write(
            "modify_vpc_endpoint", label, VpcEndpointId=endpoint_id, AddRouteTableIds=missing
        )
    before, after = run.settle(label, item, endpoint_id, name)
    run.plan.record(
        label,
        {"service": full, "route_tables": sorted(current), **before},
        {"service": full, "route_tables": sorted(current | set(table_ids)), **after},
    )
    return endpoint_id
