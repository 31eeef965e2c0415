# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What EC2 and Elastic Load Balancing still have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .._platform.read import Connect, Scope
from ..aws import Dict, call, collect, tag_dict
from .item import Item, reason


def _always(_: Mapping[str, Any]) -> bool:
    return True


def _never(_: Mapping[str, Any]) -> bool:
    return False


@dataclass(frozen=True)
class Kind:
    """One kind of EC2 resource: how it is listed, and which of the listed ones count.

    id: the key of its id; over: whether it is gone, though AWS still lists it; billed: whether
    AWS bills it; vpc: whether it is also found by lying in the platform's VPC; data: whether it
    holds what users stored.
    """

    type: str
    component: str
    operation: str
    key: str
    id: str
    billed: Callable[[Mapping[str, Any]], bool] = _never
    over: Callable[[Mapping[str, Any]], bool] = _never
    vpc: bool = False
    data: bool = False
    arguments: Mapping[str, Any] = field(default_factory=dict)


def _state(*states: str) -> Callable[[Mapping[str, Any]], bool]:
    def over(resource: Mapping[str, Any]) -> bool:
        state = resource.get("State")
        name = state.get("Name") if isinstance(state, Mapping) else state
        return str(name).lower() in states

    return over


def _goes_with_vpc(resource: Mapping[str, Any]) -> bool:
    """A default group or main route table, which only goes with its VPC, tells nothing new."""
    main = any(link.get("Main") for link in resource.get("Associations", ()))
    return resource.get("GroupName") == "default" or main


def _paid_endpoint(resource: Mapping[str, Any]) -> bool:
    return bool(resource.get("VpcEndpointType") != "Gateway")


KINDS = (
    Kind(
        "instance",
        "eks",
        "describe_instances",
        "Reservations",
        "InstanceId",
        billed=_always,
        over=_state("terminated"),
        vpc=True,
    ),
    Kind(
        "launch_template",
        "eks",
        "describe_launch_templates",
        "LaunchTemplates",
        "LaunchTemplateName",
    ),
    Kind(
        "volume",
        "milvus",
        "describe_volumes",
        "Volumes",
        "VolumeId",
        billed=_always,
        over=_state("deleted", "deleting"),
        data=True,
    ),
    Kind(
        "snapshot",
        "milvus",
        "describe_snapshots",
        "Snapshots",
        "SnapshotId",
        billed=_always,
        data=True,
        arguments={"OwnerIds": ["self"]},
    ),
    Kind(
        "nat_gateway",
        "network",
        "describe_nat_gateways",
        "NatGateways",
        "NatGatewayId",
        billed=_always,
        over=_state("deleted", "failed"),
        vpc=True,
    ),
    Kind(
        "elastic_ip", "network", "describe_addresses", "Addresses", "AllocationId", billed=_always
    ),
    Kind(
        "vpc_endpoint",
        "network",
        "describe_vpc_endpoints",
        "VpcEndpoints",
        "VpcEndpointId",
        billed=_paid_endpoint,
        over=_state("deleted"),
        vpc=True,
    ),
    Kind(
        "network_interface",
        "network",
        "describe_network_interfaces",
        "NetworkInterfaces",
        "NetworkInterfaceId",
        vpc=True,
    ),
    Kind(
        "security_group",
        "network",
        "describe_security_groups",
        "SecurityGroups",
        "GroupId",
        over=_goes_with_vpc,
        vpc=True,
    ),
    Kind("subnet", "network", "describe_subnets", "Subnets", "SubnetId", vpc=True),
    Kind(
        "route_table",
        "network",
        "describe_route_tables",
        "RouteTables",
        "RouteTableId",
        over=_goes_with_vpc,
        vpc=True,
    ),
    Kind(
        "internet_gateway",
        "network",
        "describe_internet_gateways",
        "InternetGateways",
        "InternetGatewayId",
    ),
    Kind("flow_log", "network", "describe_flow_logs", "FlowLogs", "FlowLogId"),
)


def ec2(connect: Connect, scope: Scope) -> list[Item]:
    """Instances, volumes, addresses, interfaces and the rest of the network."""
    connection = connect("ec2")
    vpcs = _own_vpcs(connection, scope)
    found = [Item("network", "ec2", "vpc", vpc, False, why) for vpc, why in vpcs.items()]
    for kind in KINDS:
        about = f"{kind.type}s of {scope.name}"
        listed = collect(connection, kind.operation, kind.key, about, **kind.arguments)
        for resource in _flat(listed, kind.key):
            why = reason(scope, _tags(resource)) or (
                f"lies in the platform's VPC {resource['VpcId']}"
                if kind.vpc and resource.get("VpcId") in vpcs
                else ""
            )
            if why and not kind.over(resource):
                found.append(
                    Item(
                        kind.component,
                        "ec2",
                        kind.type,
                        str(resource[kind.id]),
                        kind.billed(resource),
                        why,
                        data=kind.data,
                    )
                )
    return found


def _own_vpcs(connection: Any, scope: Scope) -> dict[str, str]:
    """Id of each of the platform's VPCs: why it is the platform's."""
    about = f"VPCs of {scope.name}"
    listed = collect(connection, "describe_vpcs", "Vpcs", about, Filters=scope.filters)
    return {vpc["VpcId"]: reason(scope, _tags(vpc)) for vpc in listed if scope.owns(_tags(vpc))}


def _flat(listed: Iterable[Dict], key: str) -> list[Dict]:
    """Instances come in reservations; everything else as it is."""
    if key == "Reservations":
        return [instance for group in listed for instance in group.get("Instances", ())]
    return list(listed)


def _tags(resource: Mapping[str, Any]) -> dict[str, str]:
    """Tags; interfaces alone call them TagSet."""
    return tag_dict(resource.get("Tags") or resource.get("TagSet"))


def load_balancers(connect: Connect, scope: Scope) -> list[Item]:
    """Load balancers of all generations and target groups."""
    vpcs = _own_vpcs(connect("ec2"), scope)
    modern, classic = connect("elbv2"), connect("elb")
    about = f"load balancers of {scope.name}"
    balancers = collect(modern, "describe_load_balancers", "LoadBalancers", about)
    groups = collect(modern, "describe_target_groups", "TargetGroups", about)
    old = collect(classic, "describe_load_balancers", "LoadBalancerDescriptions", about)
    arns = {item["LoadBalancerArn"]: item for item in balancers}
    arns |= {item["TargetGroupArn"]: item for item in groups}
    names = {item["LoadBalancerName"]: {**item, "VpcId": item.get("VPCId")} for item in old}
    tags = _tags_of(modern, "ResourceArns", "ResourceArn", list(arns), about)
    tags |= _tags_of(classic, "LoadBalancerNames", "LoadBalancerName", list(names), about)
    found = []
    for identity, item in {**arns, **names}.items():
        why = reason(scope, tags.get(identity, {}))
        if not why and item.get("VpcId") in vpcs:
            why = f"lies in the platform's VPC {item['VpcId']}"
        if why:
            group = "TargetGroupArn" in item
            kind = "target_group" if group else "load_balancer"
            found.append(Item("network", "elasticloadbalancing", kind, identity, not group, why))
    return found


def _tags_of(
    connection: Any, argument: str, key: str, identities: list[str], about: str
) -> dict[str, dict[str, str]]:
    """Tags by ARN or name; AWS answers for twenty at a time."""
    found: dict[str, dict[str, str]] = {}
    for start in range(0, len(identities), 20):
        some = {argument: identities[start : start + 20]}
        answer = call(connection, "describe_tags", about, **some) or {}
        found |= {item[key]: tag_dict(item["Tags"]) for item in answer["TagDescriptions"]}
    return found
