"""A network: made, repaired, removed; what may reach what."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from aws_lifecycle import TAGS, Life, World
from running import ROOT, Aws

DEFAULTS = yaml.safe_load((ROOT / "roles/network/defaults/main.yml").read_text())


@pytest.fixture
def life(world: World) -> Life:
    """A network with the role's security groups and no NAT gateway."""
    options = {
        "name": "ragops-test",
        "cidr_block": "10.20.0.0/16",
        "availability_zones": ["us-east-1a", "us-east-1b"],
        "nat": "none",
        "security_groups": DEFAULTS["network_security_groups"],
        "tags": TAGS,
        "wait_timeout": 30,
    }
    return Life(world, "vpc_network", options)


def group(aws: Aws, key: str) -> dict[str, Any]:
    """A security group of the network."""
    named = [{"Name": "group-name", "Values": [f"ragops-test-{key.replace('_', '-')}"]}]
    found: dict[str, Any] = aws.client("ec2").describe_security_groups(Filters=named)[
        "SecurityGroups"
    ][0]
    return found


def open_up(aws: Aws) -> None:
    """The database for everybody."""
    aws.client("ec2").authorize_security_group_ingress(
        GroupId=group(aws, "rds")["GroupId"],
        IpPermissions=[
            {
                "IpProtocol": "tcp",
                "FromPort": 5432,
                "ToPort": 5432,
                "IpRanges": [{"CidrIp": "0.0.0.0/0"}],
            }
        ],
    )


def lose_tags(aws: Aws) -> None:
    """A subnet without its tags."""
    ec2 = aws.client("ec2")
    named = [{"Name": "tag:Name", "Values": ["ragops-test-private-1"]}]
    (subnet,) = ec2.describe_subnets(Filters=named)["Subnets"]
    ec2.delete_tags(Resources=[subnet["SubnetId"]], Tags=[{"Key": "Name"}, {"Key": "Project"}])


def test_a_network_is_made_repaired_and_removed(life: Life) -> None:
    ids = life.settles()["network"]
    assert len(ids["private_subnet_ids"]) == len(ids["public_subnet_ids"]) == 2
    for drift in (open_up, lose_tags):
        drift(life.world.aws)
        assert life.settles()["network"] == ids  # nothing was made twice
    life.settles("absent")


def test_only_nodes_reach_the_data_stores(life: Life) -> None:
    aws, ids = life.world.aws, life.settles()["network"]["security_group_ids"]
    for key, port in (("rds", 5432), ("elasticache", 6379)):
        (rule,) = group(aws, key)["IpPermissions"]
        assert (rule["FromPort"], rule["ToPort"], rule["IpRanges"]) == (port, port, [])
        assert [pair["GroupId"] for pair in rule["UserIdGroupPairs"]] == [ids["eks_nodes"]]
    out = {rule["FromPort"] for rule in group(aws, "eks_nodes")["IpPermissionsEgress"]}
    assert {443, 53, 5432, 6379} <= out


def test_nat_gateways_come_and_go(life: Life) -> None:
    life.options["nat"] = "one_per_az"
    assert len(life.settles()["network"]["nat_gateway_ids"]) == 2
    life.options["nat"] = "single"
    assert len(life.settles()["network"]["nat_gateway_ids"]) == 1
    life.settles("absent")
    assert life.world.aws.client("ec2").describe_addresses()["Addresses"] == []


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"cidr_block": "10.20.0.0/24"}, "10.20.0.0/24"),
        ({"availability_zones": ["us-east-1a"]}, "zone"),
    ],
)
def test_what_cannot_be_laid_out_is_refused(life: Life, options: dict[str, Any], says: str) -> None:
    wanted = {**life.options, **options}
    assert says in life.world.run(life.module, wanted, fails=True)["msg"]
