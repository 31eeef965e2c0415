"""A database between AWS's words and ours: versions, differences, what is left alone."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.ragops.platform.plugins.module_utils._rds import transform, versions
from ansible_collections.ragops.platform.plugins.module_utils.aws import AwsError

OPTIONS: dict[str, Any] = {
    "engine_version": "15",
    "instance_class": "db.t3.micro",
    "allocated_storage": 20,
    "max_allocated_storage": 100,
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
        "Engine": "postgres",
        "MasterUserSecret": {"SecretArn": "arn", "SecretStatus": "active"},
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
    assert versions.newest(["15.9", "15.18", "16.1"], "15") == "15.18"
    with pytest.raises(AwsError, match=r"It offers 15\.9, 15\.18"):
        versions.newest(["15.18", "15.9"], "14")


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
        ({"MasterUserSecret": None}, {"ManageMasterUserPassword": True}),
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


def test_companions_are_sent_together() -> None:
    wanted = {"monitoring_interval": 60, "monitoring_role_arn": "arn:role"}
    assert transform.modify_arguments({**wanted, "monitoring_interval": 0}, wanted) == {
        "MonitoringInterval": 60,
        "MonitoringRoleArn": "arn:role",
    }


def test_the_key_goes_with_what_is_turned_on_now() -> None:
    wanted = {"performance_insights": True, "master_password_managed": True}
    sent = transform.modify_arguments(dict.fromkeys(wanted, False), wanted, "arn:key")
    assert sent["PerformanceInsightsKMSKeyId"] == sent["MasterUserSecretKmsKeyId"] == "arn:key"


def test_a_pending_major_version_brings_its_parameter_group_with_it() -> None:
    wanted = {**WANTED, "engine_version": "16.14", "parameter_group": "n-postgres16"}
    pending = {"PendingModifiedValues": {"EngineVersion": "16.14"}}
    state = {**transform.state_of(described(**pending), wanted), "tags": WANTED["tags"]}
    assert transform.modify_arguments(state, wanted) == {}


def test_exports_that_are_pending_count_as_done() -> None:
    pending = {"PendingCloudwatchLogsExports": {"LogTypesToEnable": ["postgresql"]}}
    assert changes(EnabledCloudwatchLogsExports=[], PendingModifiedValues=pending) == {}


def test_storage_beyond_its_limit_would_have_to_shrink() -> None:
    state = transform.state_of(described(AllocatedStorage=150), WANTED)
    assert state["allocated_storage"] == 150
    assert "allocated_storage" in transform.remedies_for(state, WANTED)
    assert "allocated_storage" not in transform.remedies_for({"allocated_storage": 10}, WANTED)


def test_a_pending_password_is_told_and_not_shown() -> None:
    instance = described(PendingModifiedValues={"MasterUserPassword": "****", "MultiAZ": None})
    facts = transform.facts_of({**instance, "DBInstanceIdentifier": "n"})
    assert facts["pending_modifications"] == {"MasterUserPassword": "(a new one)"}
    assert "maintenance window" in transform.notes_of(facts)[0]


@pytest.mark.parametrize(
    ("current", "wanted", "allow", "expected"),
    [
        ("15.17", "15", False, False),
        ("15.17", "15.18", False, True),
        ("15.17", "16", True, True),
        ("15.17", "16", False, "allow_major_version_upgrade: true"),
        ("15.17", "15.16", False, "cannot downgrade"),
        ("16.1", "15", True, "cannot downgrade"),
    ],
)
def test_upgrades_go_forward_and_majors_only_when_allowed(
    current: str, wanted: str, allow: bool, expected: bool | str
) -> None:
    if isinstance(expected, str):
        with pytest.raises(AwsError, match=expected):
            versions.needs_upgrade("db", current, wanted, allow)
    else:
        assert versions.needs_upgrade("db", current, wanted, allow) is expected


def test_an_upgrade_goes_where_aws_goes() -> None:
    assert versions.target("db", "15.17", "16", ["15.18", "16.13", "16.14"]) == "16.14"
    with pytest.raises(AwsError, match=r"cannot upgrade it to 17 .* upgrade it to 15\.18"):
        versions.target("db", "15.17", "17", ["15.18"])


@pytest.mark.parametrize("window", ["Sun:04:00-Sun:05:00", "SUN:04:00-SUN:05:00"])
def test_a_window_in_capitals_is_no_difference(window: str) -> None:
    """AWS tells of days in small letters, and takes them in any."""
    wanted = transform.wanted_of({**OPTIONS, "maintenance_window": window})
    assert wanted["maintenance_window"] == "sun:04:00-sun:05:00"
