"""What the tests of databases and caches share: a network, a drift, a repair."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from aws_lifecycle import Life
from running import Aws

Drift = Callable[[Aws], object]


def network(aws: Aws, cidr: str = "10.20") -> tuple[list[str], str]:
    """Make a VPC; return two of its subnets in different zones, and a security group."""
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock=f"{cidr}.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(
            VpcId=vpc, CidrBlock=f"{cidr}.{number}.0/24", AvailabilityZone=f"us-east-1{zone}"
        )["Subnet"]["SubnetId"]
        for number, zone in enumerate("ab")
    ]
    group = ec2.create_security_group(GroupName="data", Description="d", VpcId=vpc)["GroupId"]
    return subnets, group


def differing(before: Any, after: Any) -> list[str]:
    """The fields that differ between two states of one resource."""
    if not isinstance(before, dict) or not isinstance(after, dict):
        return ["whole"]
    fields = [*before, *(field for field in after if field not in before)]
    return sorted(field for field in fields if before.get(field) != after.get(field))


def planned(result: dict[str, Any]) -> dict[str, list[str]]:
    """What a module's diff names: fields by resource."""
    before, after = result["diff"]["before"] or {}, result["diff"]["after"] or {}
    return {
        name: differing(before.get(name), after.get(name))
        for name in dict.fromkeys([*before, *after])
    }


def refused(life: Life, message: str, **wrong: Any) -> None:
    """Refused before anything changes, in check mode and without; message: a regular expression."""
    quiet = life.world.mutations()
    for check in (True, False):
        answer = life.world.run(life.module, {**life.options, **wrong}, check=check, fails=True)
        assert re.search(message, answer["msg"]), answer["msg"]
    assert life.world.mutations() == quiet


def repaired(life: Life, drift: Drift, expected: dict[str, list[str]], **more: Any) -> None:
    """Check mode names exactly the drift and sends nothing; a run repairs it; the next rests."""
    drift(life.world.aws)
    quiet = life.world.mutations()
    foreseen = life.world.run(life.module, {**life.options, **more}, check=True)
    assert planned(foreseen) == expected
    assert life.world.mutations() == quiet, "check mode sent mutating calls"
    done = life.world.run(life.module, {**life.options, **more})
    assert planned(done) == expected
    life.rests(**more)
