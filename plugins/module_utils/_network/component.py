# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""How the network is found, and what a destroy can leave of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._platform.outputs import Outputs
from .._platform.scope import Connect, Scope, key_of
from .._sweep.balancers import load_balancers
from .._sweep.kind import Kind, always, state
from ..aws import AwsError, Dict, collect, tag_dict
from ..component import Component

SECURITY_GROUPS = ("eks_cluster", "eks_nodes", "rds", "elasticache", "endpoints", "bastion")


def read(connect: Connect, scope: Scope) -> Dict:
    """VPC, subnets, security groups, NAT gateways, addresses and endpoints by tags."""
    ec2 = connect("ec2")
    about = f"the network of {scope.name}"

    def tagged(operation: str, key: str) -> list[Any]:
        # NAT gateways alone call their filters "Filter".
        if operation == "describe_nat_gateways":
            return collect(ec2, operation, key, about, Filter=scope.filters)
        return collect(ec2, operation, key, about, Filters=scope.filters)

    return {
        "vpcs": tagged("describe_vpcs", "Vpcs"),
        "subnets": tagged("describe_subnets", "Subnets"),
        "security_groups": tagged("describe_security_groups", "SecurityGroups"),
        "nat_gateways": tagged("describe_nat_gateways", "NatGateways"),
        "addresses": tagged("describe_addresses", "Addresses"),
        "endpoints": tagged("describe_vpc_endpoints", "VpcEndpoints"),
    }


def shape(raw: Dict, name: str) -> Dict:
    """VPC, subnets (in order of zone), security groups by key. Raises AwsError on two VPCs."""
    vpcs = sorted(vpc["VpcId"] for vpc in raw["vpcs"])
    if len(vpcs) > 1:
        raise AwsError(
            f"Several VPCs carry the tags of {name}: {', '.join(vpcs)}. Remove the tags Project "
            "and Environment from those which are not this platform's."
        )
    subnets = sorted(raw["subnets"], key=lambda net: (net["AvailabilityZone"], net["SubnetId"]))
    groups: dict[str, str | None] = dict.fromkeys(SECURITY_GROUPS)
    groups.update(
        {
            key_of(group["GroupName"], f"{name}-"): group["GroupId"]
            for group in raw["security_groups"]
        }
    )
    return {
        "vpc_id": vpcs[0] if vpcs else None,
        "cidr_block": raw["vpcs"][0]["CidrBlock"] if vpcs else None,
        "private_subnet_ids": [net["SubnetId"] for net in subnets if not _is_public(net)],
        "public_subnet_ids": [net["SubnetId"] for net in subnets if _is_public(net)],
        "private_subnet_zones": [net["AvailabilityZone"] for net in subnets if not _is_public(net)],
        "private_subnet_cidrs": [net["CidrBlock"] for net in subnets if not _is_public(net)],
        "public_subnet_cidrs": [net["CidrBlock"] for net in subnets if _is_public(net)],
        "availability_zones": sorted({net["AvailabilityZone"] for net in subnets}),
        "security_group_ids": groups,
        "nat_gateway_ids": sorted(
            gateway["NatGatewayId"]
            for gateway in raw["nat_gateways"]
            if gateway.get("State") not in ("deleted", "failed")
        ),
        "elastic_ip_ids": sorted(address["AllocationId"] for address in raw["addresses"]),
        "vpc_endpoint_ids": sorted(
            endpoint["VpcEndpointId"]
            for endpoint in raw["endpoints"]
            if str(endpoint.get("State", "")).lower() != "deleted"
        ),
    }


def _is_public(subnet: Mapping[str, Any]) -> bool:
    """Whether load balancers that face the internet are placed here."""
    return "kubernetes.io/role/elb" in tag_dict(subnet.get("Tags"))


def outputs(found: Dict) -> Outputs:
    """What people look up of the network."""
    private, public = found["private_subnet_ids"], found["public_subnet_ids"]
    return Outputs(
        lines={
            "VPC": found["vpc_id"],
            "private subnets": ", ".join(private),
            "public subnets": ", ".join(public),
        },
        summary={"VPC": found["vpc_id"]},
        variables={
            "VPC_ID": found["vpc_id"],
            "PRIVATE_SUBNET_IDS": ",".join(private),
            "PUBLIC_SUBNET_IDS": ",".join(public),
        },
    )


def _goes_with_vpc(resource: Mapping[str, Any]) -> bool:
    """A default group or main route table, which only goes with its VPC, tells nothing new."""
    main = any(link.get("Main") for link in resource.get("Associations", ()))
    return resource.get("GroupName") == "default" or main


def _paid_endpoint(resource: Mapping[str, Any]) -> bool:
    return bool(resource.get("VpcEndpointType") != "Gateway")


KINDS = (
    Kind(
        "nat_gateway",
        "describe_nat_gateways",
        "NatGateways",
        "NatGatewayId",
        billed=always,
        over=state("deleted", "failed"),
        vpc=True,
    ),
    Kind("elastic_ip", "describe_addresses", "Addresses", "AllocationId", billed=always),
    Kind(
        "vpc_endpoint",
        "describe_vpc_endpoints",
        "VpcEndpoints",
        "VpcEndpointId",
        billed=_paid_endpoint,
        over=state("deleted"),
        vpc=True,
    ),
    Kind(
        "network_interface",
        "describe_network_interfaces",
        "NetworkInterfaces",
        "NetworkInterfaceId",
        vpc=True,
    ),
    Kind(
        "security_group",
        "describe_security_groups",
        "SecurityGroups",
        "GroupId",
        over=_goes_with_vpc,
        vpc=True,
    ),
    Kind("subnet", "describe_subnets", "Subnets", "SubnetId", vpc=True),
    Kind(
        "route_table",
        "describe_route_tables",
        "RouteTables",
        "RouteTableId",
        over=_goes_with_vpc,
        vpc=True,
    ),
    Kind("internet_gateway", "describe_internet_gateways", "InternetGateways", "InternetGatewayId"),
    Kind("flow_log", "describe_flow_logs", "FlowLogs", "FlowLogId"),
)

COMPONENT = Component(
    "network",
    read=read,
    shape=shape,
    outputs=outputs,
    leftovers=(load_balancers,),
    kinds=KINDS,
    services=frozenset({"ec2", "elasticloadbalancing"}),
    log_groups=("/aws/vpc",),
)
