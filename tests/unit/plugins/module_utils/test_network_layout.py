"""A network's subnets and rules, computed and refused."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.ragops.platform.plugins.module_utils._network import layout
from ansible_collections.ragops.platform.plugins.module_utils.aws import AwsError

OPTIONS: dict[str, Any] = {
    "name": "n",
    "cidr_block": "10.20.0.0/16",
    "availability_zones": ["a", "b", "c"],
}


def test_subnets_are_cut_from_both_ends_of_the_network() -> None:
    blocks = {subnet.name: subnet.cidr for subnet in layout.subnets(OPTIONS)}
    assert blocks == {
        "n-public-1": "10.20.192.0/24",
        "n-public-2": "10.20.193.0/24",
        "n-public-3": "10.20.194.0/24",
        "n-private-1": "10.20.0.0/20",
        "n-private-2": "10.20.16.0/20",
        "n-private-3": "10.20.32.0/20",
    }


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"cidr_block": "10.20.0.1/16"}, "is no CIDR block"),
        ({"cidr_block": "10.0.0.0/8"}, "between /16 and /28"),
        ({"cidr_block": "10.20.0.0/22"}, "too small"),
        ({"availability_zones": ["a", "a"]}, "2 or 3 different zones"),
        ({"public_subnet_cidrs": ["10.20.0.0/24"]}, "one per zone"),
        (
            {"public_subnet_cidrs": ["10.21.0.0/24", "10.20.1.0/24", "10.20.2.0/24"]},
            "outside the VPC",
        ),
        (
            {"public_subnet_cidrs": ["10.20.0.0/24", "10.20.200.0/24", "10.20.201.0/24"]},
            "overlaps n-public-1",
        ),
    ],
)
def test_blocks_that_cannot_be_are_named(options: dict[str, Any], says: str) -> None:
    with pytest.raises(AwsError, match=says):
        layout.subnets({**OPTIONS, **options})


def rule(**option: Any) -> dict[str, Any]:
    return {"key": "rds", "ingress": [{"protocol": "tcp", "from_port": 5432, **option}]}


@pytest.mark.parametrize(
    ("group", "says"),
    [
        (rule(), "exactly one of group and cidr"),
        (rule(group="self", cidr="10.0.0.0/8"), "exactly one of group and cidr"),
        (rule(group="nodes"), "no group has that key"),
        (rule(group="self", to_port=5431), "ports must be in order"),
    ],
)
def test_rules_that_cannot_be_are_named(group: dict[str, Any], says: str) -> None:
    with pytest.raises(AwsError, match=says):
        layout.rules_of(group, {"rds"})


def test_what_aws_reports_of_a_rule_is_the_rule() -> None:
    ids = {"rds": "sg-1", "nodes": "sg-2"}
    rules = layout.rules_of(rule(group="nodes"), set(ids)) | layout.rules_of(
        rule(cidr="10.0.0.0/8"), set(ids)
    )
    reported = {"IpPermissions": [layout.permission(item, ids) for item in rules]}
    keys = {identifier: key for key, identifier in ids.items()}
    assert set(layout.flatten_rules(reported, keys)) == rules
