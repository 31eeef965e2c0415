"""A network's subnets, computed and refused."""

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
        ({"cidr_block": "10.20.0.1/16"}, "is not a CIDR block"),
        ({"cidr_block": "10.0.0.0/8"}, "between /16 and /28"),
        ({"cidr_block": "10.20.0.0/22"}, "too small"),
        ({"availability_zones": ["a", "a"]}, "2 or 3 different zones"),
        ({"public_subnet_cidrs": ["10.20.0.0/24"]}, "one block per zone"),
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


def test_nat_gateways_stand_in_no_zone_in_one_or_in_all() -> None:
    zones = OPTIONS["availability_zones"]
    assert layout.nat_zones("none", zones) == []
    assert layout.nat_zones("single", zones) == ["a"]
    assert layout.nat_zones("one_per_az", zones) == zones
