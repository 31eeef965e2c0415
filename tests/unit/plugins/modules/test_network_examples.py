"""The documented examples of the network's modules, run in their order."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.ragops.platform.plugins.module_utils._network import ensure, layout
from support.lifecycle import World
from support.module_process import examples

MODULES = ("vpc_network", "vpc_flow_log", "ec2_bastion")


@pytest.fixture
def ground(world: World) -> dict[str, str]:
    """What the examples name, made: their ids by those that AWS has given."""
    ec2, iam = world.aws.client("ec2"), world.aws.client("iam")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.0.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="bastion", Description="b", VpcId=vpc)["GroupId"]
    iam.create_role(RoleName="ragops-dev-bastion", AssumeRolePolicyDocument='{"Statement": []}')
    ending = "0a1b2c3d4e5f60718"
    return {f"vpc-{ending}": vpc, f"subnet-{ending}": subnet, f"sg-{ending}": group}


@pytest.mark.parametrize("module", MODULES)
def test_examples_make_and_remove(world: World, ground: dict[str, str], module: str) -> None:
    for task in examples(module):
        text = json.dumps(task[f"ragops.platform.{module}"])
        for told, made in ground.items():
            text = text.replace(told, made)
        options: dict[str, Any] = json.loads(text)
        assert world.run(module, options)["changed"] is True, task["name"]
        assert world.run(module, options)["changed"] is False, task["name"]


def test_a_network_of_the_smallest_kind_is_laid_out() -> None:
    """Given blocks may be as small as AWS takes them, and fill the VPC."""
    options = {
        "name": "n",
        "cidr_block": "10.20.0.0/26",
        "availability_zones": ["a", "b"],
        "public_subnet_cidrs": ["10.20.0.0/28", "10.20.0.16/28"],
        "private_subnet_cidrs": ["10.20.0.32/28", "10.20.0.48/28"],
        "security_groups": [],
        "flows": [],
        "gateway_endpoints": [],
        "interface_endpoints": [],
        "endpoint_policies": {},
    }
    wish = ensure.wish(options)
    assert [subnet.zone for subnet in wish.tier("private")] == ["a", "b"]
    assert isinstance(wish.subnets[0], layout.Subnet)
