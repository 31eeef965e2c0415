"""A database between AWS's words and ours: versions, differences, what is left alone."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.ragops.platform.plugins.module_utils._rds import transform
from ansible_collections.ragops.platform.plugins.module_utils.aws import AwsError

OPTIONS: dict[str, Any] = {
    "engine_version": "15",
    "instance_class": "db.t3.micro",
    "allocated_storage": 20,
    "multi_az": False,
    "subnet_group": {"name": "n"},
    "parameter_group": {"name": "n-postgres15"},
    "log_exports": ["postgresql"],
    "security_group_ids": ["sg-b", "sg-a"],
    "tags": {"Cost": 7},
}
WANTED = transform.wanted_of(OPTIONS)


def described(**more: Any) -> dict[str, Any]:
    """The instance that WANTED makes, as AWS describes it, with differences."""
    return {
        **transform.create_arguments(WANTED),
        "EngineVersion": "15.18",
        "DBSubnetGroup": {"DBSubnetGroupName": "n"},
        "DBParameterGroups": [{"DBParameterGroupName": "n-postgres15"}],
        "EnabledCloudwatchLogsExports": ["postgresql"],
        "VpcSecurityGroups": [{"VpcSecurityGroupId": "sg-a"}, {"VpcSecurityGroupId": "sg-b"}],
        **more,
    }


def changes(**more: Any) -> dict[str, Any]:
    state = {**transform.state_of(described(**more), WANTED), "tags": WANTED["tags"]}
    return transform.modify_arguments(state, WANTED)


def test_the_newest_version_is_compared_by_number() -> None:
    assert transform.newest(["15.9", "15.18", "16.1"], "15") == "15.18"
    with pytest.raises(AwsError, match=r"It offers 15\.9, 15\.18"):
        transform.newest(["15.18", "15.9"], "14")


def test_a_private_encrypted_instance_is_what_is_made() -> None:
    made = transform.create_arguments(WANTED)
    assert (made["PubliclyAccessible"], made["StorageEncrypted"]) == (False, True)
    assert made["VpcSecurityGroupIds"] == ["sg-a", "sg-b"]
    assert WANTED["tags"] == {"Cost": "7"}


@pytest.mark.parametrize(
    "left_alone",
    [
        {},
        {"EngineVersion": "15.19"},
        {"AllocatedStorage": 40},
        {"MultiAZ": True, "PendingModifiedValues": {"MultiAZ": False}},
    ],
)
def test_what_is_as_wanted_or_aws_own_is_left_alone(left_alone: dict[str, Any]) -> None:
    assert changes(**left_alone) == {}


@pytest.mark.parametrize(
    ("drift", "repair"),
    [
        ({"PubliclyAccessible": True}, {"PubliclyAccessible": False}),
        ({"AllocatedStorage": 10}, {"AllocatedStorage": 20}),
        ({"VpcSecurityGroups": []}, {"VpcSecurityGroupIds": ["sg-a", "sg-b"]}),
        (
            {"EnabledCloudwatchLogsExports": ["upgrade"]},
            {
                "CloudwatchLogsExportConfiguration": {
                    "EnableLogTypes": ["postgresql"],
                    "DisableLogTypes": ["upgrade"],
                }
            },
        ),
    ],
)
def test_a_difference_is_repaired_and_nothing_else(
    drift: dict[str, Any], repair: dict[str, Any]
) -> None:
    assert changes(**drift) == repair
