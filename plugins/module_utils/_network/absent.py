# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Take a network down in the order that AWS demands.

Only what carries the platform's tags is removed. What others left in the VPC
makes the last step fail, and the error lists it.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.ragops.platform.plugins.module_utils._network import layout
from ansible_collections.ragops.platform.plugins.module_utils._network.present import Run
from ansible_collections.ragops.platform.plugins.module_utils._network.snapshot import (
    GONE,
    Item,
    filters,
)
from ansible_collections.ragops.platform.plugins.module_utils.aws import (
    AwsError,
    tag_dict,
    wait_until,
)


def remove(run: Run) -> None:
    """Remove the network and record what was there."""
    _remove_endpoints(run)
    _remove_nats(run)
    _release(run, run.seen.addresses)
    if run.seen.vpc is None:
        return
    vpc_id = str(run.seen.vpc["VpcId"])
    _remove_groups(run)
    _remove_subnets(run)
    _remove_route_tables(run)
    for gateway in _own(run, run.seen.gateways):
        gateway_id = str(gateway["InternetGatewayId"])
        label = _record(run, "internet gateway", gateway, gateway_id)
        run.api.write("detach_internet_gateway", label, InternetGatewayId=gateway_id, VpcId=vpc_id)
        run.api.write("delete_internet_gateway", label, InternetGatewayId=gateway_id)
    label = _record(run, "vpc", run.seen.vpc, vpc_id)
    _delete(run, "delete_vpc", label, VpcId=vpc_id)


def _own(run: Run, items: list[Item]) -> list[Item]:
    """Return the items that carry the platform's identity."""
    identity = {
        key: value
        for key, value in run.options["tags"].items()
        if key in ("Project", "Environment", "ManagedBy")
    }
    return [item for item in items if identity.items() <= tag_dict(item.get("Tags")).items()]


def _record(run: Run, kind: str, item: Item, item_id: str) -> str:
    label = f"{kind} {tag_dict(item.get('Tags')).get('Name', item_id)}"
    run.plan.record(label, {"id": item_id}, None)
    return label


def _delete(run: Run, operation: str, label: str, **arguments: Any) -> None:
    """Delete, and if something still holds the resource say what."""
    try:
        run.api.write(operation, label, **arguments)
    except AwsError as error:
        if error.code.endswith(".NotFound"):
            return
        if error.code != "DependencyViolation":
            raise
        raise AwsError(f"{error} {_holders(run)}", code=error.code) from error


def _holders(run: Run) -> str:
    vpc = run.seen.vpc or {}
    interfaces = run.api.pages(
        "describe_network_interfaces",
        "NetworkInterfaces",
        f"network {run.name}",
        Filters=filters(vpc_id=str(vpc.get("VpcId"))),
    )
    if not interfaces:
        return "No network interface is left: look for groups and tables that others made."
    listed = ", ".join(
        f"{item['NetworkInterfaceId']} ({item.get('Description') or item.get('InterfaceType')})"
        for item in interfaces[:5]
    )
    return f"Still in the VPC: {listed}. Remove what owns these interfaces first, then run again."


def _remove_endpoints(run: Run) -> None:
    own = _own(run, run.seen.endpoints)
    if not own:
        return
    for item in own:
        _record(run, "endpoint", item, str(item["VpcEndpointId"]))
    label = f"endpoints of {run.name}"
    answer = run.api.write(
        "delete_vpc_endpoints", label, VpcEndpointIds=[item["VpcEndpointId"] for item in own]
    )
    if refused := answer.get("Unsuccessful"):
        raise AwsError(f"AWS refused to delete {label}: {refused[0]['Error']['Message']}.")


def _remove_nats(run: Run) -> None:
    own = _own(run, run.seen.nats)
    for item in own:
        label = _record(run, "nat gateway", item, str(item["NatGatewayId"]))
        run.api.write("delete_nat_gateway", label, NatGatewayId=item["NatGatewayId"])
    _await_nats_gone(run, [str(item["NatGatewayId"]) for item in own])


def remove_surplus_nats(run: Run, kept: set[str]) -> None:
    """Remove the network's NAT gateways that its mode no longer asks for, and their addresses."""
    surplus = [item for item in _own(run, run.seen.nats) if item["NatGatewayId"] not in kept]
    if not surplus:
        return
    names = set()
    for item in surplus:
        names.add(tag_dict(item.get("Tags")).get("Name"))
        label = _record(run, "nat gateway", item, str(item["NatGatewayId"]))
        run.api.write("delete_nat_gateway", label, NatGatewayId=item["NatGatewayId"])
    _await_nats_gone(run, [str(item["NatGatewayId"]) for item in surplus])
    freed = [i for i in run.seen.addresses if tag_dict(i.get("Tags")).get("Name") in names]
    _release(run, freed)


def _await_nats_gone(run: Run, nat_ids: list[str]) -> None:
    """Wait: an address cannot be released, nor a subnet deleted, under a living gateway."""
    if run.api.check_mode or not nat_ids:
        return
    label = f"nat gateways of {run.name}"

    def pending() -> str | None:
        found = run.api.pages(
            "describe_nat_gateways",
            "NatGateways",
            label,
            missing=("NatGatewayNotFound",),
            NatGatewayIds=nat_ids,
        )
        left = [f"{i['NatGatewayId']} {i['State']}" for i in found if i["State"] not in GONE[1:]]
        return ", ".join(left) or None

    wait_until(f"deletion of {label}", pending, timeout=run.options["wait_timeout"])


def _release(run: Run, addresses: list[Item]) -> None:
    for item in addresses:
        label = _record(run, "address", item, str(item["AllocationId"]))
        _delete(run, "release_address", label, AllocationId=item["AllocationId"])


def _remove_groups(run: Run) -> None:
    """Empty all groups before the first is deleted: they name each other."""
    own = [item for item in _own(run, run.seen.groups) if item["GroupName"] != "default"]
    for item in own:
        label = f"security group {item['GroupName']}"
        for direction in ("ingress", "egress"):
            rules = [
                permission
                for rule, permission in layout.flatten_rules(item, {}).items()
                if rule.direction == direction
            ]
            if rules:
                run.api.write(
                    f"revoke_security_group_{direction}",
                    label,
                    GroupId=item["GroupId"],
                    IpPermissions=rules,
                )
    for item in own:
        label = _record(run, "security group", item, str(item["GroupId"]))
        _delete(run, "delete_security_group", label, GroupId=item["GroupId"])


def _remove_subnets(run: Run) -> None:
    for item in _own(run, run.seen.subnets):
        label = _record(run, "subnet", item, str(item["SubnetId"]))
        _delete(run, "delete_subnet", label, SubnetId=item["SubnetId"])


def _remove_route_tables(run: Run) -> None:
    # Deleting the subnets took the associations with them.
    for item in _own(run, run.seen.route_tables):
        label = _record(run, "route table", item, str(item["RouteTableId"]))
        _delete(run, "delete_route_table", label, RouteTableId=item["RouteTableId"])
