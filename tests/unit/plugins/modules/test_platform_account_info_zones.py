"""Zones come from the account: chosen, kept, or refused by name before anything is made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import botocore.exceptions
import pytest
from support.emulator import Aws
from support.lifecycle import Life, World
from support.networks import network_options

TOKYO = {"a": {"id": "apne1-az4"}, "c": {"id": "apne1-az1"}, "d": {"id": "apne1-az2"}}
# The letters of one account; another's a may be use1-az3.
VIRGINIA = {
    "a": {"id": "use1-az3"},
    "b": {"id": "use1-az6"},
    "c": {"id": "use1-az1"},
    "d": {"id": "use1-az2"},
}
Account = Callable[..., None]


@pytest.fixture
def life(world: World, account: Account) -> Life:
    """A network whose zones nobody names, in an account whose zone a is of no use to EKS."""
    account(zones={"us-east-1": VIRGINIA})
    options = network_options()
    del options["availability_zones"]
    return Life(world, "vpc_network", options)


def zones(life: Life) -> list[str]:
    found = life.world.aws.client("ec2").describe_subnets(
        Filters=[{"Name": "tag:Name", "Values": ["ragops-test-private-*"]}]
    )["Subnets"]
    return [item["AvailabilityZone"] for item in sorted(found, key=lambda net: net["CidrBlock"])]


def test_the_first_zones_of_use_are_chosen_and_a_third_is_added(life: Life) -> None:
    network = life.settles()["network"]
    assert network["availability_zones"] == ["us-east-1b", "us-east-1c"] == zones(life)
    life.options["zone_count"] = 3
    assert life.settles()["network"]["availability_zones"][:2] == ["us-east-1b", "us-east-1c"]
    assert zones(life) == ["us-east-1b", "us-east-1c", "us-east-1d"]


def test_subnets_stay_where_they_are_when_the_choice_would_be_another(
    life: Life, account: Account
) -> None:
    life.settles()
    others = {"a": {"id": "use1-az4"}, "b": {"id": "use1-az6", "state": "impaired"}}
    account(zones={"us-east-1": {**VIRGINIA, **others}})
    life.rests()
    assert zones(life) == ["us-east-1b", "us-east-1c"]
    life.options["zone_count"] = 3
    life.settles()
    assert zones(life) == ["us-east-1b", "us-east-1c", "us-east-1a"], "the free one comes last"


def test_named_zones_that_the_account_lacks_are_refused_before_the_vpc(
    life: Life, account: Account
) -> None:
    life.options["availability_zones"] = ["us-east-1a", "us-east-1b", "us-east-1f"]
    message = life.world.run(life.module, life.options, fails=True)["msg"]
    for text in (
        "us-east-1a: it is use1-az3, in which EKS cannot create a cluster",
        "us-east-1f: the account has no such zone",
        "Usable zones are us-east-1b, us-east-1c, us-east-1d.",
        "Nothing was changed.",
    ):
        assert text in message, text
    account(zones={"us-east-1": {"a": VIRGINIA["a"], "b": VIRGINIA["b"]}})
    del life.options["availability_zones"]
    message = life.world.run(life.module, life.options, fails=True)["msg"]
    assert (
        "zone_count is 2, and in us-east-1 this account has us-east-1b that can be used" in message
    )
    vpcs = life.world.aws.client("ec2").describe_vpcs()["Vpcs"]
    assert [vpc for vpc in vpcs if not vpc["IsDefault"]] == []


@pytest.mark.parametrize(
    "where", [{"AvailabilityZone": "ap-northeast-1b"}, {"AvailabilityZoneId": "apne1-az3"}]
)
def test_the_emulated_ec2_refuses_a_zone_that_the_account_lacks(
    aws: Aws, account: Account, where: dict[str, Any]
) -> None:
    account(zones={"ap-northeast-1": TOKYO})
    ec2 = aws.client("ec2", "ap-northeast-1")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24", **where)
    error = refused.value.response["Error"]
    assert error["Code"] == "InvalidParameterValue"
    assert error["Message"].endswith("zones: ap-northeast-1a, ap-northeast-1c, ap-northeast-1d.")
    subnet = ec2.create_subnet(
        VpcId=vpc, CidrBlock="10.0.0.0/24", AvailabilityZone="ap-northeast-1d"
    )["Subnet"]
    assert subnet["AvailabilityZoneId"] == "apne1-az2"
