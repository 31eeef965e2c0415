"""What others have in the platform's VPC, under its names or the company's tags: stays theirs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.ragops.platform.plugins.module_utils._network import nat
from ansible_collections.ragops.platform.plugins.module_utils._network.run import Run
from ansible_collections.ragops.platform.plugins.module_utils._network.snapshot import Snapshot
from ansible_collections.ragops.platform.plugins.module_utils.reconcile import Api, Plan
from botocore.stub import Stubber
from support.emulator import Aws
from support.lifecycle import TAGS, Life, World
from support.networks import NAME, network_options

Tags = dict[str, str]
Make = Callable[[Any, str, Tags], str]
THEIRS = {**TAGS, "ManagedBy": "terraform"}


def marked(kind: str, tags: Tags, name: str = "") -> dict[str, Any]:
    """The argument that tags what a call makes; nothing without tags."""
    wanted = tags | {"Name": name} if tags and name else tags
    listed = [{"Key": key, "Value": value} for key, value in wanted.items()]
    return {"TagSpecifications": [{"ResourceType": kind, "Tags": listed}]} if listed else {}


def subnet(ec2: Any, vpc: str, tags: Tags, block: str = "10.20.0.0/20") -> str:
    made = ec2.create_subnet(VpcId=vpc, CidrBlock=block, **marked("subnet", tags, "pods-a"))
    return str(made["Subnet"]["SubnetId"])


def security_group(ec2: Any, vpc: str, tags: Tags, name: str = f"{NAME}-rds") -> str:
    how = marked("security-group", tags, name)
    made = ec2.create_security_group(GroupName=name, Description="theirs", VpcId=vpc, **how)
    return str(made["GroupId"])


def endpoint(ec2: Any, vpc: str, tags: Tags, service: str = "s3") -> str:
    made = ec2.create_vpc_endpoint(
        VpcId=vpc,
        ServiceName=f"com.amazonaws.us-east-1.{service}",
        VpcEndpointType="Gateway",
        **marked("vpc-endpoint", tags, f"{NAME}-{service}"),
    )
    return str(made["VpcEndpoint"]["VpcEndpointId"])


def internet_gateway(ec2: Any, vpc: str, tags: Tags) -> str:
    made = ec2.create_internet_gateway(**marked("internet-gateway", tags, f"{NAME}-igw"))
    identity = str(made["InternetGateway"]["InternetGatewayId"])
    if vpc:
        ec2.attach_internet_gateway(VpcId=vpc, InternetGatewayId=identity)
    return identity


def route_table(ec2: Any, vpc: str, tags: Tags) -> str:
    how = marked("route-table", tags, f"{NAME}-private-1")
    return str(ec2.create_route_table(VpcId=vpc, **how)["RouteTable"]["RouteTableId"])


def address(ec2: Any, _: str, tags: Tags) -> str:
    how = marked("elastic-ip", tags, f"{NAME}-nat-us-east-1a")
    return str(ec2.allocate_address(Domain="vpc", **how)["AllocationId"])


def nat_gateway(ec2: Any, vpc: str, tags: Tags) -> str:
    place = subnet(ec2, vpc, {}, "10.20.240.0/24")
    made = ec2.create_nat_gateway(
        SubnetId=place,
        AllocationId=address(ec2, vpc, tags),
        **marked("natgateway", tags, f"{NAME}-nat-us-east-1a"),
    )
    return str(made["NatGateway"]["NatGatewayId"])


IN_THE_WAY: dict[str, Make] = {
    "subnet": subnet,
    "security group": security_group,
    "endpoint": endpoint,
    "internet gateway": internet_gateway,
}
"""Ours can't be made beside them, or would be found as them."""
BY_NAME: dict[str, Make] = {"route table": route_table, "nat gateway": nat_gateway}
"""They would be found by the name that somebody gave them."""


def the_vpc(world: World) -> str:
    """A VPC of ours, and nothing of ours in it: the run that made it was killed."""
    how = marked("vpc", network_options()["tags"], NAME)
    made = world.aws.client("ec2").create_vpc(CidrBlock="10.20.0.0/16", **how)
    return str(made["Vpc"]["VpcId"])


@pytest.mark.parametrize(
    ("kind", "make", "tags"),
    [
        *((kind, make, tags) for kind, make in IN_THE_WAY.items() for tags in ({}, THEIRS)),
        *((kind, make, THEIRS) for kind, make in BY_NAME.items()),
    ],
)
def test_what_ours_would_be_taken_for_is_refused_before_anything_is_made(
    world: World, kind: str, make: Make, tags: Tags
) -> None:
    vpc = the_vpc(world)
    identity = make(world.aws.client("ec2"), vpc, tags)
    quiet = world.mutations()
    for check in (True, False):
        message = world.run("vpc_network", network_options(), check=check, fails=True)["msg"]
        assert f"({identity}) in VPC {vpc} belongs to somebody else" in message or (
            message.startswith(f"{kind} {identity} in VPC {vpc} belongs to somebody else")
        ), message
    assert world.mutations() == quiet


LISTED = {
    "describe_subnets": "Subnets",
    "describe_security_groups": "SecurityGroups",
    "describe_vpc_endpoints": "VpcEndpoints",
    "describe_internet_gateways": "InternetGateways",
    "describe_route_tables": "RouteTables",
    "describe_addresses": "Addresses",
    "describe_nat_gateways": "NatGateways",
    "describe_flow_logs": "FlowLogs",
}


def seen(world: World) -> dict[str, Any]:
    """All that EC2 lists, by its id."""
    ec2, found = world.aws.client("ec2"), {}
    for operation, key in LISTED.items():
        for item in getattr(ec2, operation)()[key]:
            identity = next(value for name, value in item.items() if name in ("AllocationId", *IDS))
            found[str(identity)] = item
    return found


IDS = (
    *("VpcEndpointId", "InternetGatewayId", "RouteTableId", "NatGatewayId", "FlowLogId"),
    *("GroupId", "SubnetId"),
)


def beside(world: World, vpc: str, number: int, tags: Tags) -> set[str]:
    """One of each kind, where ours can stand beside it; their ids."""
    ec2, before = world.aws.client("ec2"), set(seen(world))
    block = f"10.20.24{number}.0/24"
    security_group(ec2, vpc, tags, f"theirs-{number}")
    endpoint(ec2, vpc, tags, "dynamodb")
    internet_gateway(ec2, "", tags)
    ec2.create_route_table(VpcId=vpc, **marked("route-table", tags, "theirs"))
    ec2.create_nat_gateway(
        SubnetId=subnet(ec2, vpc, tags, block),
        AllocationId=address(ec2, "", tags),
        **marked("natgateway", tags, "theirs"),
    )
    address(ec2, "", tags)
    ec2.create_flow_logs(
        ResourceIds=[vpc],
        ResourceType="VPC",
        TrafficType="ALL",
        LogGroupName=f"theirs-{number}",
        DeliverLogsPermissionArn="arn:aws:iam::000000000000:role/theirs",
        **marked("vpc-flow-log", tags),
    )
    return set(seen(world)) - before


def test_what_ours_stands_beside_is_neither_taken_nor_changed_nor_removed(world: World) -> None:
    life = Life(world, "vpc_network", network_options())
    vpc = life.settles()["network"]["vpc_id"]
    theirs = beside(world, vpc, 0, {}) | beside(world, vpc, 1, THEIRS)
    assert len(theirs) == 2 * len(LISTED) + 2, "each kind, and a NAT gateway's address"
    before = seen(world)
    life.rests()
    assert seen(world) == before
    which = {"project": "ragops", "environment": "test"}
    read = world.run("platform_info", {**which, "components": ["network"]})
    assert not [one for one in theirs if one in str(read)]
    # The sweep names only what holds the VPC.
    left = {item["id"]: item["why"] for item in world.run("platform_sweep", which)["left"]}
    assert {left[one] for one in theirs & left.keys()} == {f"is in the VPC of the platform, {vpc}"}
    assert not {one for one in theirs & left.keys() if one.startswith(("igw-", "eipalloc-", "fl-"))}
    # So does the removal, and leaves it.
    wanted = {**life.options, "state": "absent", "wait_timeout": 1}
    message = world.run("vpc_network", wanted, fails=True)["msg"]
    assert "The VPC has security groups that others created" in message
    after = seen(world)
    assert {one: after.get(one) for one in theirs} == {one: before[one] for one in theirs}


@pytest.mark.parametrize("tags", [{}, THEIRS], ids=["none", "terraform"])
def test_a_flow_log_into_our_log_group(world: World, tags: Tags) -> None:
    """It is refused before group and role are touched, and no removal takes it along."""
    ec2, vpc = world.aws.client("ec2"), the_vpc(world)
    options = {"name": NAME, "vpc_id": vpc, "tags": network_options()["tags"]}
    theirs = ec2.create_flow_logs(
        ResourceIds=[vpc],
        ResourceType="VPC",
        TrafficType="ALL",
        LogGroupName=f"/aws/vpc/{NAME}/flow-logs",
        DeliverLogsPermissionArn="arn:aws:iam::000000000000:role/theirs",
        **marked("vpc-flow-log", tags),
    )["FlowLogIds"]
    before, quiet = seen(world), world.mutations()
    for check in (True, False):
        message = world.run("vpc_flow_log", options, check=check, fails=True)["msg"]
        assert f"flow log {theirs[0]} into /aws/vpc/{NAME}/flow-logs belongs to somebody" in message
    gone = world.run("vpc_flow_log", {**options, "state": "absent"})
    assert gone["changed"] is False
    assert seen(world) == before
    assert world.mutations() == quiet


def addresses_of(aws: Aws, tags: Tags, *, primary: bool) -> Plan:
    """Settle the one address of a NAT gateway of ours; no other call is answered."""
    ec2 = aws.client("ec2")
    options = {**network_options(), "nat": "single"}
    held = {"AllocationId": "eipalloc-1", "IsPrimary": primary}
    own = [{"Key": key, "Value": value} for key, value in options["tags"].items()]
    gateway = {
        **{"NatGatewayId": "nat-1", "SubnetId": "subnet-1", "NatGatewayAddresses": [held]},
        "Tags": [*own, {"Key": "Name", "Value": f"{NAME}-nat-us-east-1a"}],
    }
    listed = [{"Key": key, "Value": value} for key, value in tags.items()]
    run = Run(Api(ec2, check_mode=True), Plan(), Snapshot(nats=[gateway]), options)
    with Stubber(ec2) as stub:
        found = {"Addresses": [{"AllocationId": "eipalloc-1", "Tags": listed}]}
        stub.add_response("describe_addresses", found)
        nat.ensure_nat(run, "us-east-1a", "subnet-1")
    return run.plan


@pytest.mark.parametrize(
    ("tags", "primary", "ours"),
    [({}, True, True), ({}, False, False), (THEIRS, True, False), (THEIRS, False, False)],
)
def test_an_address_of_a_nat_gateway(aws: Aws, tags: Tags, primary: bool, ours: bool) -> None:
    """The one that it was made with is ours without tags, too; a second one is whose tags say."""
    plan = addresses_of(aws, tags, primary=primary)
    assert (f"address {NAME}-nat-us-east-1a" in plan.after) is ours
