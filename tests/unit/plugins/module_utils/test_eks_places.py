"""Subnets and public ranges: what EKS would refuse is refused first."""

from __future__ import annotations

import boto3
import pytest
from ansible_collections.ragops.platform.plugins.module_utils._eks.places import (
    check_ranges,
    check_subnets,
)
from ansible_collections.ragops.platform.plugins.module_utils.aws import AwsError
from botocore.stub import Stubber


def test_ranges_of_the_internet_pass() -> None:
    check_ranges(["203.0.113.0/24", "0.0.0.0/0", "2001:db8::/32"])


@pytest.mark.parametrize(
    ("ranges", "told"),
    [
        (["203.0.113.9/24"], "'203.0.113.9/24' is not a CIDR block.*host bits"),
        (["office"], "'office' is not a CIDR block"),
        (["10.1.0.0/16"], "10.1.0.0/16 is in 10.0.0.0/8.*private endpoint"),
        (
            [f"203.0.113.{n}/32" for n in range(41)],
            "41 public CIDR blocks, but EKS allows at most 40",
        ),
    ],
)
def test_others_are_refused(ranges: list[str], told: str) -> None:
    with pytest.raises(AwsError, match=told):
        check_ranges(ranges)


WORLD = {
    "old-a": ("vpc-1", "us-east-1a"),
    "old-b": ("vpc-1", "us-east-1b"),
    "new-b": ("vpc-1", "us-east-1b"),
    "new-c": ("vpc-1", "us-east-1c"),
    "alien": ("vpc-2", "us-east-1b"),
}


def move(*after: str) -> None:
    ec2 = boto3.client(
        "ec2", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    names = sorted({"old-a", "old-b", *after} & set(WORLD))
    found = [
        {"SubnetId": name, "VpcId": WORLD[name][0], "AvailabilityZone": WORLD[name][1]}
        for name in names
    ]
    with Stubber(ec2) as stub:
        stub.add_response("describe_subnets", {"Subnets": found})
        check_subnets(ec2, "ragops-dev", ["old-a", "old-b"], after)


def test_subnets_of_the_same_zones_can_be_exchanged() -> None:
    move("old-a", "new-b")


@pytest.mark.parametrize(
    ("after", "told"),
    [
        (("old-a", "new-c"), "is in the zones us-east-1a, us-east-1b.*in each zone"),
        (("old-b",), "us-east-1a, us-east-1b, but the given subnets are in us-east-1b"),
        (("old-a", "alien"), r"cannot move to another VPC.*vpc-2"),
        (("old-a", "gone"), "do not exist: gone"),
    ],
)
def test_others_are_refused_with_the_way_round(after: tuple[str, ...], told: str) -> None:
    with pytest.raises(AwsError, match=told):
        move(*after)
