"""Whatever is changed by hand in a network is planned by name, repaired, and then at rest."""

from __future__ import annotations

import pytest
from support.drifts import Drift, network
from support.lifecycle import Life, World, planned
from support.networks import NAME, find, network_options

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


@pytest.mark.parametrize("drift", network.DRIFTS, ids=lambda drift: drift.what)
def test_a_drift_is_planned_by_name_and_repaired(settled: Life, drift: Drift) -> None:
    drift.on(NAME)(settled.world.aws)
    quiet = len(settled.world.mutations())
    done = settled.settles()  # foresees it in check mode, sends nothing then, and rests afterwards
    assert planned(done) == drift.planned(NAME)
    assert settled.world.mutations()[quiet:] == list(drift.repair)


def test_a_nat_gateway_that_is_gone_is_replaced_and_its_way_repaired(settled: Life) -> None:
    aws = settled.world.aws
    nat = network.the(aws, "nat_gateways", f"{NAME}-nat-us-east-1a")
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
    aws, ec2 = settled.world.aws, settled.world.aws.client("ec2")
    vpc = network.the(aws, "vpcs", NAME)["VpcId"]
    ec2.create_tags(Resources=[vpc], Tags=[{"Key": "CostCentre", "Value": "42"}])
    theirs = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_security_group(GroupName="theirs", Description="theirs", VpcId=vpc)
    gateway = network.the(aws, "internet_gateways", f"{NAME}-igw")["InternetGatewayId"]
    ec2.create_route(
        RouteTableId=network.table(aws, NAME, "private-1")["RouteTableId"],
        DestinationCidrBlock="10.99.0.0/16",
        GatewayId=gateway,
    )
    network.modified("s3", AddRouteTableIds=[theirs])(aws, NAME)
    settled.rests()
