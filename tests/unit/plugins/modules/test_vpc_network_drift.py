"""Whatever is changed by hand in a network is planned by name, repaired, and then at rest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from support.emulator import Aws
from support.lifecycle import Life, World
from support.networks import NAME, find, group, network_options

POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::x",
        }
    ],
}


@pytest.fixture(scope="module")
def settled(modules_world: World) -> Life:
    """A converged network with a NAT gateway; each drift's repair brings it back to this."""
    modules_world.aws.reset()
    options = {**network_options(), "nat": "single", "endpoint_policies": {"s3": POLICY}}
    life = Life(modules_world, "vpc_network", options)
    life.settles()
    return life


def the(aws: Aws, kind: str, key: str, name: str | None = None) -> dict[str, Any]:
    return find(aws, kind, key, name)[0]


def allow(aws: Aws, key: str, direction: str, port: int, cidr: str) -> None:
    rule = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port}
    getattr(aws.client("ec2"), f"authorize_security_group_{direction}")(
        GroupId=group(aws, key)["GroupId"],
        IpPermissions=[{**rule, "IpRanges": [{"CidrIp": cidr}]}],
    )


def open_the_database(aws: Aws) -> None:
    allow(aws, "rds", "ingress", 5432, "0.0.0.0/0")


def let_redis_out(aws: Aws) -> None:
    allow(aws, "elasticache", "egress", 443, "0.0.0.0/0")


def let_everything_out(aws: Aws) -> None:
    everything = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    aws.client("ec2").authorize_security_group_egress(
        GroupId=group(aws, "eks_nodes")["GroupId"], IpPermissions=everything
    )


def open_the_default_group(aws: Aws) -> None:
    wanted = {"vpc-id": vpc_id(aws), "group-name": "default"}
    inside = [{"Name": name, "Values": [value]} for name, value in wanted.items()]
    ec2 = aws.client("ec2")
    (default,) = ec2.describe_security_groups(Filters=inside)["SecurityGroups"]
    ec2.authorize_security_group_ingress(
        GroupId=default["GroupId"],
        IpPermissions=[{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": default["GroupId"]}]}],
    )


def vpc_id(aws: Aws) -> str:
    return str(find(aws, "vpcs", "Vpcs")[0]["VpcId"])


def revoke_a_rule(aws: Aws) -> None:
    found = group(aws, "rds")
    aws.client("ec2").revoke_security_group_ingress(
        GroupId=found["GroupId"], IpPermissions=bare(found["IpPermissions"])
    )


def bare(permissions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rules without what only describe_* tells."""
    return [{k: v for k, v in rule.items() if v != []} for rule in permissions]


def reword_a_rule(aws: Aws) -> None:
    found = group(aws, "elasticache")
    rules = bare(found["IpPermissions"])
    rules[0]["UserIdGroupPairs"][0]["Description"] = "temporary, ask Bob"
    aws.client("ec2").update_security_group_rule_descriptions_ingress(
        GroupId=found["GroupId"], IpPermissions=rules
    )


def untag_a_group(aws: Aws) -> None:
    untag(aws, group(aws, "eks_cluster")["GroupId"], "SecurityGroup", "Component")


def untag(aws: Aws, resource: str, *keys: str) -> None:
    aws.client("ec2").delete_tags(Resources=[resource], Tags=[{"Key": key} for key in keys])


def delete_a_group(aws: Aws) -> None:
    aws.client("ec2").delete_security_group(GroupId=group(aws, "bastion")["GroupId"])


def untag_the_vpc(aws: Aws) -> None:
    untag(aws, vpc_id(aws), "Component")


def take_host_names_away(aws: Aws) -> None:
    aws.client("ec2").modify_vpc_attribute(VpcId=vpc_id(aws), EnableDnsHostnames={"Value": False})


def subnet(aws: Aws, name: str) -> dict[str, Any]:
    return the(aws, "subnets", "Subnets", name)


def give_public_addresses(aws: Aws) -> None:
    aws.client("ec2").modify_subnet_attribute(
        SubnetId=subnet(aws, "public-1")["SubnetId"], MapPublicIpOnLaunch={"Value": True}
    )


def take_the_role_tag(aws: Aws) -> None:
    untag(aws, subnet(aws, "private-2")["SubnetId"], "kubernetes.io/role/internal-elb")


def take_all_tags_of_a_subnet(aws: Aws) -> None:
    """All but the one that says who made it."""
    found = subnet(aws, "public-2")
    keys = {tag["Key"] for tag in found["Tags"]} - {"ManagedBy"}
    untag(aws, found["SubnetId"], *keys)


def table(aws: Aws, name: str) -> dict[str, Any]:
    return the(aws, "route_tables", "RouteTables", name)


def delete_the_way_out(aws: Aws) -> None:
    aws.client("ec2").delete_route(
        RouteTableId=table(aws, "public")["RouteTableId"], DestinationCidrBlock="0.0.0.0/0"
    )


def open_a_private_subnet(aws: Aws) -> None:
    gateway = the(aws, "internet_gateways", "InternetGateways", "igw")
    aws.client("ec2").replace_route(
        RouteTableId=table(aws, "private-1")["RouteTableId"],
        DestinationCidrBlock="0.0.0.0/0",
        GatewayId=gateway["InternetGatewayId"],
    )


def move_a_subnet(aws: Aws) -> None:
    (held,) = table(aws, "private-2")["Associations"]
    aws.client("ec2").replace_route_table_association(
        AssociationId=held["RouteTableAssociationId"],
        RouteTableId=table(aws, "public")["RouteTableId"],
    )


def untag_a_table(aws: Aws) -> None:
    untag(aws, table(aws, "private-1")["RouteTableId"], "Name")


def untag_the_gateway(aws: Aws) -> None:
    gateway = the(aws, "internet_gateways", "InternetGateways", "igw")
    untag(aws, gateway["InternetGatewayId"], "Environment")


def untag_the_nat_gateway(aws: Aws) -> None:
    nat = the(aws, "nat_gateways", "NatGateways", "nat-us-east-1a")
    untag(aws, nat["NatGatewayId"], "Name", "Project")


def untag_the_address(aws: Aws) -> None:
    address = the(aws, "addresses", "Addresses", "nat-us-east-1a")
    untag(aws, address["AllocationId"], "Name")


def endpoint(aws: Aws, service: str) -> dict[str, Any]:
    return the(aws, "vpc_endpoints", "VpcEndpoints", service)


def modify_endpoint(aws: Aws, service: str, **how: Any) -> None:
    aws.client("ec2").modify_vpc_endpoint(
        VpcEndpointId=endpoint(aws, service)["VpcEndpointId"], **how
    )


def delete_an_endpoint(aws: Aws) -> None:
    aws.client("ec2").delete_vpc_endpoints(VpcEndpointIds=[endpoint(aws, "sts")["VpcEndpointId"]])


def take_a_zone_from_an_endpoint(aws: Aws) -> None:
    lost = subnet(aws, "private-2")["SubnetId"]
    modify_endpoint(aws, "ecr-api", RemoveSubnetIds=[lost])


def change_an_endpoints_group(aws: Aws) -> None:
    modify_endpoint(
        aws,
        "ecr-api",
        AddSecurityGroupIds=[group(aws, "eks_nodes")["GroupId"]],
        RemoveSecurityGroupIds=[group(aws, "endpoints")["GroupId"]],
    )


def take_private_names(aws: Aws) -> None:
    modify_endpoint(aws, "sts", PrivateDnsEnabled=False)


def narrow_an_endpoints_policy(aws: Aws) -> None:
    modify_endpoint(aws, "sts", PolicyDocument='{"Version": "2012-10-17", "Statement": [{}]}')


def open_the_policy_of_s3(aws: Aws) -> None:
    modify_endpoint(aws, "s3", ResetPolicy=True)


def take_a_table_from_s3(aws: Aws) -> None:
    modify_endpoint(aws, "s3", RemoveRouteTableIds=[table(aws, "private-1")["RouteTableId"]])


def untag_an_endpoint(aws: Aws) -> None:
    untag(aws, endpoint(aws, "s3")["VpcEndpointId"], "Component")


@dataclass(frozen=True)
class Case:
    """A drift; the resource that the plan must name, a text of its diff, the calls that repair."""

    drift: Callable[[Aws], None]
    label: str
    field: str
    calls: tuple[str, ...]


RULE = "SecurityGroup"
CASES = [
    Case(open_the_database, f"security group {NAME}-rds", "rules", (f"Revoke{RULE}Ingress",)),
    Case(let_redis_out, f"security group {NAME}-elasticache", "rules", (f"Revoke{RULE}Egress",)),
    Case(let_everything_out, f"security group {NAME}-eks-nodes", "rules", (f"Revoke{RULE}Egress",)),
    Case(
        open_the_default_group,
        f"default security group of {NAME}",
        "rules",
        (f"Revoke{RULE}Ingress",),
    ),
    Case(revoke_a_rule, f"security group {NAME}-rds", "rules", (f"Authorize{RULE}Ingress",)),
    Case(
        reword_a_rule,
        f"security group {NAME}-elasticache",
        "rules",
        (f"Update{RULE}RuleDescriptionsIngress",),
    ),
    Case(untag_a_group, f"security group {NAME}-eks-cluster", "tags", ("CreateTags",)),
    Case(
        delete_a_group,
        f"security group {NAME}-bastion",
        "description",
        (f"Create{RULE}", f"Revoke{RULE}Egress"),
    ),
    Case(untag_the_vpc, f"vpc {NAME}", "tags", ("CreateTags",)),
    Case(take_host_names_away, f"vpc {NAME}", "dns_hostnames", ("ModifyVpcAttribute",)),
    Case(
        give_public_addresses,
        f"subnet {NAME}-public-1",
        "map_public_ip_on_launch",
        ("ModifySubnetAttribute",),
    ),
    Case(take_the_role_tag, f"subnet {NAME}-private-2", "tags", ("CreateTags",)),
    Case(take_all_tags_of_a_subnet, f"subnet {NAME}-public-2", "tags", ("CreateTags",)),
    Case(delete_the_way_out, f"route table {NAME}-public", "default_route", ("CreateRoute",)),
    Case(
        open_a_private_subnet, f"route table {NAME}-private-1", "default_route", ("ReplaceRoute",)
    ),
    Case(
        move_a_subnet,
        f"route table {NAME}-private-2",
        "subnets",
        ("ReplaceRouteTableAssociation",),
    ),
    Case(untag_a_table, f"route table {NAME}-private-1", "tags", ("CreateTags",)),
    Case(untag_the_gateway, f"internet gateway {NAME}-igw", "tags", ("CreateTags",)),
    Case(untag_the_nat_gateway, f"nat gateway {NAME}-nat-us-east-1a", "tags", ("CreateTags",)),
    Case(untag_the_address, f"address {NAME}-nat-us-east-1a", "tags", ("CreateTags",)),
    Case(delete_an_endpoint, f"interface endpoint {NAME}-sts", "service", ("CreateVpcEndpoint",)),
    Case(
        take_a_zone_from_an_endpoint,
        f"interface endpoint {NAME}-ecr-api",
        "subnets",
        ("ModifyVpcEndpoint",),
    ),
    Case(
        change_an_endpoints_group,
        f"interface endpoint {NAME}-ecr-api",
        "security_groups",
        ("ModifyVpcEndpoint",),
    ),
    Case(
        take_private_names, f"interface endpoint {NAME}-sts", "private_dns", ("ModifyVpcEndpoint",)
    ),
    Case(
        narrow_an_endpoints_policy,
        f"interface endpoint {NAME}-sts",
        "policy",
        ("ModifyVpcEndpoint",),
    ),
    Case(open_the_policy_of_s3, f"gateway endpoint {NAME}-s3", "policy", ("ModifyVpcEndpoint",)),
    Case(
        take_a_table_from_s3, f"gateway endpoint {NAME}-s3", "route_tables", ("ModifyVpcEndpoint",)
    ),
    Case(untag_an_endpoint, f"gateway endpoint {NAME}-s3", "tags", ("CreateTags",)),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.drift.__name__)
def test_a_drift_is_planned_by_name_and_repaired(settled: Life, case: Case) -> None:
    case.drift(settled.world.aws)
    quiet = len(settled.world.mutations())
    done = settled.settles()  # foresees it in check mode, sends nothing then, and rests afterwards
    before = done["diff"]["before"].get(case.label, {})
    after = done["diff"]["after"]
    assert list(after) == [case.label], after
    changed = {key for key in after[case.label] if before.get(key) != after[case.label][key]}
    assert case.field in changed
    if before:
        assert changed == {case.field}
    calls = [f"ec2:{call}" for call in case.calls]
    assert settled.world.mutations()[quiet:] == calls


def test_a_nat_gateway_that_is_gone_is_replaced_and_its_way_repaired(settled: Life) -> None:
    aws = settled.world.aws
    nat = the(aws, "nat_gateways", "NatGateways", "nat-us-east-1a")
    aws.client("ec2").delete_nat_gateway(NatGatewayId=nat["NatGatewayId"])
    done = settled.settles()
    assert set(done["diff"]["after"]) == {
        f"nat gateway {NAME}-nat-us-east-1a",
        f"route table {NAME}-private-1",
        f"route table {NAME}-private-2",
    }
    assert len(find(aws, "addresses", "Addresses")) == 1


def test_what_others_add_is_left_alone(settled: Life) -> None:
    """Tags, routes, tables and groups of others in the VPC."""
    ec2 = settled.world.aws.client("ec2")
    vpc = vpc_id(settled.world.aws)
    ec2.create_tags(Resources=[vpc], Tags=[{"Key": "CostCentre", "Value": "42"}])
    theirs = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_security_group(GroupName="theirs", Description="theirs", VpcId=vpc)
    ec2.create_route(
        RouteTableId=table(settled.world.aws, "private-1")["RouteTableId"],
        DestinationCidrBlock="10.99.0.0/16",
        GatewayId=the(settled.world.aws, "internet_gateways", "InternetGateways", "igw")[
            "InternetGatewayId"
        ],
    )
    modify_endpoint(settled.world.aws, "s3", AddRouteTableIds=[theirs])
    settled.rests()
