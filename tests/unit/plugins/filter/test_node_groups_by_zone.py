"""Node groups of single zones, and what preflight says of those that span them."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.ragops.platform.plugins.module_utils._eks.zonal import by_zone, name_in
from ansible_collections.ragops.platform.plugins.module_utils._inputs.rules import Run
from ansible_collections.ragops.platform.plugins.module_utils._milvus import inputs

SUBNETS = ["subnet-1", "subnet-2", "subnet-3"]
ZONES = ["us-east-1a", "us-east-1b", "us-east-1b"]
TAINT = {"key": "workload", "value": "milvus", "effect": "NO_SCHEDULE"}
TOLERATION = {"key": "workload", "operator": "Equal", "value": "milvus", "effect": "NoSchedule"}
MILVUS = {"milvus_enabled": True, "milvus_mode": "cluster"}


def test_a_zonal_group_is_one_per_zone_with_the_subnets_of_its_zone() -> None:
    groups = [{"name": "main", "max_size": 4}, {"name": "milvus", "zonal": True, "max_size": 2}]
    assert by_zone(groups, SUBNETS, ZONES, "us-east-1") == [
        {"name": "main", "max_size": 4, "subnet_ids": SUBNETS},
        {"name": "milvus-a", "max_size": 2, "subnet_ids": ["subnet-1"]},
        {"name": "milvus-b", "max_size": 2, "subnet_ids": ["subnet-2", "subnet-3"]},
    ]


def test_a_group_that_says_it_is_not_zonal_is_one() -> None:
    (group,) = by_zone([{"name": "main", "zonal": False}], SUBNETS, ZONES, "us-east-1")
    assert group == {"name": "main", "subnet_ids": SUBNETS}


@pytest.mark.parametrize(
    ("zone", "name"), [("us-west-2c", "data-c"), ("us-west-2-lax-1a", "data-lax-1a")]
)
def test_a_zone_is_called_by_what_it_has_beyond_its_region(zone: str, name: str) -> None:
    assert name_in("data", zone, "us-west-2") == name


def warned(group: dict[str, Any], **milvus: Any) -> str:
    """What preflight says of the zones of a group beside Milvus."""
    eks = {"eks_node_groups": [{"name": "main", **group}]}
    run = Run("ragops-dev", "us-east-1", inputs={"eks": eks})
    return " ".join(inputs.warnings({**MILVUS, **milvus}, run))


@pytest.mark.parametrize("zonal", [None, False])
def test_a_group_over_zones_for_volumes_is_named(zonal: bool | None) -> None:
    assert "node group main spans several zones and runs pods of Milvus" in warned({"zonal": zonal})


@pytest.mark.parametrize(
    ("group", "milvus"),
    [
        ({"zonal": True}, {}),
        ({}, {"milvus_enabled": False}),
        ({}, {"milvus_mode": "custom"}),
        ({}, {"milvus_node_selector": {"disk": "ssd"}}),
        ({"taints": [TAINT]}, {}),
        ({"taints": [TAINT]}, {"milvus_tolerations": [{**TOLERATION, "effect": "NoExecute"}]}),
        ({"taints": [TAINT]}, {"milvus_tolerations": [{**TOLERATION, "value": "other"}]}),
    ],
)
def test_groups_that_volumes_do_not_depend_on_may_span_zones(
    group: dict[str, Any], milvus: dict[str, Any]
) -> None:
    assert warned(group, **milvus) == ""


@pytest.mark.parametrize("toleration", [TOLERATION, {"operator": "Exists"}])
def test_a_tainted_group_counts_when_its_taint_is_tolerated(toleration: dict[str, Any]) -> None:
    assert warned({"taints": [TAINT]}, milvus_tolerations=[toleration])
    assert warned({"taints": [{**TAINT, "effect": "PREFER_NO_SCHEDULE"}]})
