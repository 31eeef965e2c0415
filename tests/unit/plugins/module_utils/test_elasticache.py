"""Replication groups: the pure parts, and `ensure_*` against an emulated AWS."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.ragops.platform.plugins.module_utils._elasticache import (
    absent as absence,
)
from ansible_collections.ragops.platform.plugins.module_utils._elasticache import (
    checks,
    ensure,
    transform,
)
from ansible_collections.ragops.platform.plugins.module_utils.aws import AwsError
from ansible_collections.ragops.platform.plugins.module_utils.datastore import version_satisfies
from ansible_collections.ragops.platform.plugins.module_utils.reconcile import Api, Plan
from support.emulator import Aws

TOKEN = "a-token-that-must-never-be-shown-0123456789"
GROUP = "ragops-test"


@pytest.fixture
def options(aws: Aws) -> dict[str, Any]:
    """Options of the module as a role gives them."""
    subnets = aws.client("ec2").describe_subnets()["Subnets"][:2]
    return {
        "replication_group_id": GROUP,
        "description": "Test",
        "engine": "redis",
        "engine_version": "7.1",
        "node_type": "cache.t3.micro",
        "replicas": 0,
        "multi_az": False,
        "parameter_group": {"name": f"{GROUP}-redis7", "parameters": {"timeout": 300}},
        "user_group_id": None,
        "apply_immediately": True,
        "subnet_group": {"name": GROUP, "subnet_ids": [net["SubnetId"] for net in subnets]},
        "security_group_ids": ["sg-0a", "sg-0b"],
        "encryption_at_rest": True,
        "kms_key_arn": None,
        "encryption_in_transit": True,
        "auth_token": TOKEN,
        "auth_token_update_strategy": None,
        "snapshot_retention_days": 7,
        "snapshot_window": "03:00-04:00",
        "maintenance_window": "sun:05:00-sun:06:00",
        "auto_minor_version_upgrade": True,
        "final_snapshot_id": None,
        "wait": True,
        "wait_timeout": 10,
        "tags": {"Project": "ragops", "Environment": "test"},
    }


def present(aws: Aws, options: dict[str, Any], check_mode: bool = False) -> Plan:
    plan = Plan()
    ensure.ensure_present(Api(aws.client("elasticache"), check_mode), plan, options)
    return plan


def absent(aws: Aws, options: dict[str, Any], check_mode: bool = False) -> Plan:
    plan = Plan()
    absence.ensure_absent(Api(aws.client("elasticache"), check_mode), plan, options)
    return plan


def groups(aws: Aws) -> list[dict[str, Any]]:
    return list(aws.client("elasticache").describe_replication_groups()["ReplicationGroups"])


@pytest.mark.parametrize(
    ("current", "wanted", "expected"),
    [
        ("7.1.0", "7.1", True),
        ("7.1", "7.1", True),
        ("7.10.0", "7.1", False),
        ("7.0.12", "7.1", False),
    ],
)
def test_a_release_of_the_line_satisfies(current: str, wanted: str, expected: bool) -> None:
    assert version_satisfies(current, wanted) is expected


@pytest.mark.parametrize(
    ("roles", "source"),
    [
        ({"c-001": "primary", "c-002": "replica"}, "c-002"),
        ({"c-001": "primary"}, "c-001"),
        ({}, "c-001"),
    ],
)
def test_snapshots_are_turned_on_with_the_node_that_they_are_of(
    roles: dict[str, str], source: str
) -> None:
    """AWS takes the days alone only while snapshots are on."""
    members = [{"CacheClusterId": name, "CurrentRole": role} for name, role in roles.items()]
    group = {"NodeGroups": [{"NodeGroupMembers": members}], "MemberClusters": ["c-001"]}
    wanted = {"snapshot_retention_days": 7}
    sent = transform.modify_arguments({"snapshot_retention_days": 0}, wanted, group)
    assert sent == {"SnapshotRetentionLimit": 7, "SnapshottingClusterId": source}
    sent = transform.modify_arguments({"snapshot_retention_days": 3}, wanted, group)
    assert sent == {"SnapshotRetentionLimit": 7}
    off = transform.modify_arguments(wanted, {"snapshot_retention_days": 0}, group)
    assert off == {"SnapshotRetentionLimit": 0}


def test_modify_names_the_version_with_the_engine() -> None:
    current = {"engine": "redis", "engine_version": "7.1", "node_type": "cache.t3.micro"}
    wanted = {**current, "engine": "valkey", "engine_version": "8.0"}
    assert transform.modify_arguments(current, wanted, {}) == {
        "Engine": "valkey",
        "EngineVersion": "8.0",
    }


@pytest.mark.parametrize(
    ("here", "there", "allowed"),
    [
        (("redis", "7.1"), ("redis", "7.1"), True),
        (("redis", "7.0"), ("redis", "7.1"), True),
        (("redis", "7.1"), ("valkey", "8.0"), True),
        (("valkey", "7.2"), ("valkey", "9.0"), True),
        (("valkey", "7.2.6"), ("redis", "7.1"), True),
        (("valkey", "8.0"), ("redis", "7.1"), False),
        (("valkey", "8.1"), ("valkey", "8.0"), False),
        (("redis", "7.1"), ("redis", "6.2"), False),
    ],
)
def test_engines_go_forward_only(
    here: tuple[str, str], there: tuple[str, str], allowed: bool
) -> None:
    states = [{"engine": engine, "engine_version": version} for engine, version in (here, there)]
    if allowed:
        checks.refuse_way_back("group", *states)
        return
    with pytest.raises(AwsError, match="AWS cannot"):
        checks.refuse_way_back("group", *states)


@pytest.mark.parametrize(
    ("engine", "version", "family"),
    [
        ("redis", "7.1", "redis7"),
        ("redis", "6.2", "redis6.x"),
        ("valkey", "8.0", "valkey8"),
    ],
)
def test_a_family_follows_engine_and_version(engine: str, version: str, family: str) -> None:
    assert checks.family_of(engine, version) == family


def test_users_take_the_place_of_the_token_in_one_call() -> None:
    current = {"user_groups": [], "auth_token": True}
    assert transform.access_arguments(current, {"user_groups": ["people"]}) == {
        "UserGroupIdsToAdd": ["people"],
        "AuthTokenUpdateStrategy": "DELETE",
    }
    current = {"user_groups": ["people"], "auth_token": False}
    assert transform.access_arguments(current, {"user_groups": []}) == {
        "UserGroupIdsToRemove": ["people"]
    }


def test_tls_is_offered_before_it_is_required() -> None:
    required = {"TransitEncryptionMode": "required"}
    assert transform.encryption_steps({"TransitEncryptionEnabled": False}) == [
        {"TransitEncryptionEnabled": True, "TransitEncryptionMode": "preferred"},
        required,
    ]
    assert transform.encryption_steps({"TransitEncryptionEnabled": True}) == [required]


def test_check_mode_plans_and_makes_nothing(aws: Aws, options: dict[str, Any]) -> None:
    plan = present(aws, options, check_mode=True)
    assert plan.changed
    assert set(plan.diff()["after"]) == {
        f"replication group {GROUP}",
        f"cache subnet group {GROUP}",
        f"cache parameter group {GROUP}-redis7",
    }
    assert groups(aws) == []


def test_makes_once_and_shows_no_token(aws: Aws, options: dict[str, Any]) -> None:
    first = present(aws, options)
    assert first.changed
    assert TOKEN not in str(first.diff())
    assert groups(aws)[0]["TransitEncryptionEnabled"] is True
    assert groups(aws)[0]["AuthTokenEnabled"] is True
    assert not present(aws, options).changed


def test_replicas_bring_failover_and_go_again(aws: Aws, options: dict[str, Any]) -> None:
    present(aws, options)
    present(aws, {**options, "replicas": 1})
    assert groups(aws)[0]["AutomaticFailover"] == "enabled"
    assert len(groups(aws)[0]["NodeGroups"][0]["NodeGroupMembers"]) == 2
    assert not present(aws, {**options, "replicas": 1}).changed
    present(aws, options)
    assert groups(aws)[0]["AutomaticFailover"] == "disabled"
    assert len(groups(aws)[0]["NodeGroups"][0]["NodeGroupMembers"]) == 1


def test_drift_is_planned_then_repaired(aws: Aws, options: dict[str, Any]) -> None:
    present(aws, options)
    aws.client("elasticache").modify_replication_group(
        ReplicationGroupId=GROUP, SnapshotRetentionLimit=1, ApplyImmediately=True
    )
    plan = present(aws, options, check_mode=True)
    label = f"replication group {GROUP}"
    assert plan.diff()["before"][label]["snapshot_retention_days"] == 1
    assert groups(aws)[0]["SnapshotRetentionLimit"] == 1
    assert present(aws, options).changed
    assert groups(aws)[0]["SnapshotRetentionLimit"] == 7


def test_what_aws_cannot_change_is_refused_first(aws: Aws, options: dict[str, Any]) -> None:
    present(aws, options)
    with pytest.raises(
        AwsError, match="encryption_in_transit is True, and cannot be changed to False"
    ):
        present(
            aws,
            {
                **options,
                "encryption_in_transit": False,
                "auth_token": None,
                "snapshot_retention_days": 3,
            },
        )
    assert groups(aws)[0]["SnapshotRetentionLimit"] == 7


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"auth_token": "short"}, "16 to 128"),
        ({"multi_az": True}, "at least one replica"),
        ({"replicas": 6}, "0 to 5"),
        ({"encryption_in_transit": False}, "need encryption_in_transit"),
        ({"auth_token": "a token with blanks in it"}, "16 to 128"),
        ({"user_group_id": "people"}, "auth_token and user_group_id are both set"),
        ({"auth_token_update_strategy": "delete"}, "does not allow auth_token"),
        ({"replication_group_id": "Ragops--test"}, "single hyphens"),
        ({"engine_version": "seven"}, "Give a version such as 7.1"),
        ({"engine_version": "7.3"}, r"no redis 7\.3 in this region. It offers .*7\.1"),
        ({"snapshot_retention_days": 36}, "but must be 0 to 35"),
        ({"snapshot_window": "03:00-03:30"}, "lasts 30 minutes"),
        ({"snapshot_window": "3-4"}, "must be hh:mm-hh:mm"),
        ({"maintenance_window": "sun:03:30-sun:04:30"}, "overlaps maintenance_window"),
        ({"maintenance_window": "daily"}, "must be ddd:hh:mm-ddd:hh:mm"),
    ],
)
def test_bad_options_change_nothing(
    aws: Aws, options: dict[str, Any], wrong: dict[str, Any], message: str
) -> None:
    with pytest.raises(AwsError, match=message):
        present(aws, {**options, **wrong})
    assert groups(aws) == []
    names = aws.client("elasticache").describe_cache_subnet_groups()["CacheSubnetGroups"]
    assert GROUP not in [name["CacheSubnetGroupName"] for name in names]


def test_absent_twice(aws: Aws, options: dict[str, Any]) -> None:
    present(aws, options)
    assert absent(aws, options, check_mode=True).changed
    assert len(groups(aws)) == 1
    assert absent(aws, options).changed
    assert groups(aws) == []
    assert not absent(aws, options).changed
