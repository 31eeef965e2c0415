"""Quotas of the account are asked before anything is made: VPCs, and vCPUs on demand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.ragops.platform.plugins.module_utils._account.quotas import standard
from botocore.exceptions import ClientError
from support.lifecycle import World

Account = Callable[..., None]
PLATFORM = {"project": "ragops", "environment": "test", "region": "us-east-1"}
MAIN = {"name": "main", "instance_types": ["m5.xlarge", "t3.medium"], "nodes": 1, "zonal": True}


def problems(world: World, **options: Any) -> list[str]:
    asked = world.run("platform_account_info", {**PLATFORM, **options})
    found: list[str] = asked["problems"]
    return found


def test_a_further_vpc_is_refused_before_it_is_made(world: World, account: Account) -> None:
    network = {"zone_count": 2}
    assert problems(world, network=network) == []
    account(quotas={"vpcs": 1})
    (told,) = problems(world, network=network)
    assert told.startswith("network: the account has 1 VPCs in us-east-1, and may have 1.")
    ec2 = world.aws.client("ec2")
    with pytest.raises(ClientError, match="VpcLimitExceeded"):
        ec2.create_vpc(CidrBlock="10.8.0.0/16")


def test_a_vpc_of_the_platform_is_no_further_one(world: World, account: Account) -> None:
    tags = {"Project": "ragops", "Environment": "test", "ManagedBy": "ragops.platform"}
    listed = [{"Key": key, "Value": value} for key, value in tags.items()]
    world.aws.client("ec2").create_vpc(
        CidrBlock="10.8.0.0/16", TagSpecifications=[{"ResourceType": "vpc", "Tags": listed}]
    )
    account(quotas={"vpcs": 2})
    assert problems(world, network={"zone_count": 2}) == []


def test_nodes_that_may_not_run_are_refused(world: World, account: Account) -> None:
    groups = {"network": {"zone_count": 2}, "node_groups": [MAIN]}
    account(quotas={"cpus": 8})
    assert problems(world, **groups) == [], "four vCPUs in each of two zones"
    account(quotas={"cpus": 7})
    (told,) = problems(world, **groups)
    assert told.startswith(
        "eks: the node groups need 8 on-demand vCPUs at the start. The quota in us-east-1 is 7"
    )
    assert "of which 0 are used for other purposes" in told
    # Paid otherwise: it counts towards another quota.
    assert problems(world, network={"zone_count": 2}, node_groups=[{**MAIN, "nodes": 0}]) == []


def test_what_runs_already_counts_once(world: World, account: Account) -> None:
    groups = {"network": {"zone_count": 2}, "node_groups": [{**MAIN, "zonal": False}]}
    ec2 = world.aws.client("ec2")
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]

    def run(**tags: str) -> None:
        listed = [{"Key": key.replace("_", ":"), "Value": value} for key, value in tags.items()]
        ec2.run_instances(
            ImageId=image,
            InstanceType="m5.xlarge",
            MinCount=1,
            MaxCount=1,
            TagSpecifications=[{"ResourceType": "instance", "Tags": listed}] if listed else [],
        )

    account(quotas={"cpus": 4})
    run(Name="somebody's")
    (told,) = problems(world, **groups)
    assert "of which 4 are used for other purposes" in told
    run(**{"eks_cluster-name": "ragops-test"})
    assert problems(world, **groups) == [], "the node is there"


@pytest.mark.parametrize(
    ("kind", "counts"),
    [("t3.medium", True), ("m6i.large", True), ("im4gn.large", True), ("z1d.large", True)]
    + [(kind, False) for kind in ("g5.xlarge", "p4d.24xlarge", "inf2.xlarge", "u-6tb1.metal", "")],
)
def test_families_have_quotas_of_their_own(kind: str, counts: bool) -> None:
    assert standard(kind) is counts
