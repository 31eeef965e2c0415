"""What takes ElastiCache minutes, fails there, or is refused for a while."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.ragops.platform.plugins.module_utils import datastore
from ansible_collections.ragops.platform.plugins.module_utils._elasticache import (
    absent,
    ensure,
    transform,
)
from ansible_collections.ragops.platform.plugins.module_utils._elasticache import api as cache
from ansible_collections.ragops.platform.plugins.module_utils.aws import AwsError
from ansible_collections.ragops.platform.plugins.module_utils.reconcile import Plan
from support.stubbed import Script

NAME = "ragops-test"
WHICH = {"ReplicationGroupId": NAME}
DESCRIBE = "describe_replication_groups"
OPTIONS: dict[str, Any] = {
    "replication_group_id": NAME,
    "engine": "redis",
    "engine_version": "7.1",
    "node_type": "cache.t3.micro",
    "replicas": 1,
    "multi_az": True,
    "parameter_group": {"name": f"{NAME}-redis7", "parameters": {}},
    "subnet_group": {"name": NAME, "subnet_ids": []},
    "encryption_in_transit": True,
    "auth_token": None,
    "user_group_id": None,
    "auth_token_update_strategy": None,
    "apply_immediately": True,
    "snapshot_retention_days": 7,
    "snapshot_window": None,
    "maintenance_window": None,
    "final_snapshot_id": "last",
    "wait": True,
    "wait_timeout": 2,
    "tags": {"Project": "ragops"},
}
TAGS = {"TagList": [{"Key": "Project", "Value": "ragops"}]}
MADE = {"CacheNodeType": "cache.t3.micro", "MemberClusters": [f"{NAME}-001"]}
NODE = {"CacheClusters": [{"Engine": "redis", "EngineVersion": "7.1.0"}]}


def group(status: str, **more: Any) -> dict[str, Any]:
    return {"ReplicationGroups": [{**WHICH, "Status": status, **more}]}


def wanted() -> ensure.Group:
    return ensure.Group(OPTIONS, transform.wanted_of(OPTIONS))


def test_a_group_is_awaited_until_nothing_is_pending() -> None:
    pending = {"PendingModifiedValues": {"AutomaticFailoverStatus": "enabled"}}
    script = Script("elasticache").says(DESCRIBE, group("creating"), **WHICH)
    script.says(DESCRIBE, group("available", **pending)).says(DESCRIBE, group("available"))
    with script.played() as api:
        cache.await_available(api, NAME, 10)


def test_a_group_is_available_with_its_nodes() -> None:
    """AWS calls it available while it still makes a node that was added."""
    found = group("available", MemberClusters=["ragops-test-002"])
    node = {"CacheClusterId": "ragops-test-002"}
    script = Script("elasticache")
    for status in ("creating", "available"):
        clusters = {"CacheClusters": [{**node, "CacheClusterStatus": status}]}
        script.says(DESCRIBE, found).says("describe_cache_clusters", clusters, **node)
    with script.played() as api:
        cache.await_available(api, NAME, 10)
    script = Script("elasticache").says(DESCRIBE, found)
    script.refuses("describe_cache_clusters", "CacheClusterNotFound")  # removed just now
    with script.played() as api:
        cache.await_available(api, NAME, 0)
    late = {"CacheClusters": [{**node, "CacheClusterStatus": "creating"}]}
    script = Script("elasticache").says(DESCRIBE, found).says("describe_cache_clusters", late)
    told = "last seen: status available, but its node ragops-test-002 is creating"
    with script.played() as api, pytest.raises(AwsError, match=told):
        cache.await_available(api, NAME, 0)


def test_a_creation_that_fails_names_its_cause() -> None:
    events = {"Events": [{"Message": "Insufficient capacity for cache.t3.micro."}]}
    script = Script("elasticache").says(DESCRIBE, group("create-failed"))
    script.says("describe_events", events)
    with (
        script.played() as api,
        pytest.raises(AwsError, match=r"is create-failed .*Insufficient capacity"),
    ):
        cache.await_available(api, NAME, 10)


def test_a_time_out_names_the_last_state() -> None:
    script = Script("elasticache").says(DESCRIBE, group("snapshotting"))
    with script.played() as api, pytest.raises(AwsError, match="last seen: status snapshotting"):
        cache.await_available(api, NAME, 0)


def test_a_change_waits_for_the_one_before() -> None:
    script = Script("elasticache")
    script.refuses("modify_replication_group", "InvalidReplicationGroupState", "is modifying")
    script.says(DESCRIBE, group("modifying"))
    script.says("modify_replication_group", {}, **WHICH, ApplyImmediately=True, SnapshotWindow="x")
    script.says(DESCRIBE, group("modifying")).says(DESCRIBE, group("available"))
    with script.played() as api:
        ensure._apply(api, wanted(), SnapshotWindow="x")


def test_a_change_of_what_is_gone_is_not_tried_again() -> None:
    script = Script("elasticache")
    script.refuses("modify_replication_group", "InvalidReplicationGroupState")
    script.refuses(DESCRIBE, "ReplicationGroupNotFoundFault")
    script.says("describe_events", {"Events": []})
    with script.played() as api, pytest.raises(AwsError, match="is gone"):
        ensure._apply(api, wanted(), SnapshotWindow="x")


@pytest.mark.parametrize(
    ("seen", "field"),
    [
        ({"AutomaticFailover": "disabled", "MultiAZ": "enabled"}, "automatic_failover"),
        ({"AutomaticFailover": "enabled", "MultiAZ": "disabled"}, "multi_az"),
    ],
)
def test_failover_that_aws_left_off_is_an_error(seen: dict[str, str], field: str) -> None:
    script = Script("elasticache").says(DESCRIBE, group("available", **MADE, **seen))
    script.says("describe_cache_clusters", NODE)
    with (
        script.played() as api,
        pytest.raises(AwsError, match=f"accepted {field} without an error"),
    ):
        ensure._verify(api, wanted())


@pytest.mark.parametrize(
    ("made", "node", "left"),
    [
        ({"CacheNodeType": "cache.t3.small"}, {}, "node_type cache.t3.small"),
        ({}, {"EngineVersion": "7.0.7"}, r"engine_version 7\.0\.7"),
    ],
)
def test_a_change_that_aws_gives_up_is_an_error(
    made: dict[str, str], node: dict[str, str], left: str
) -> None:
    events = {"Events": [{"Message": "Scale up failed: insufficient capacity."}]}
    script = Script("elasticache").says(DESCRIBE, group("available", **{**MADE, **made}))
    clusters = {"CacheClusters": [{**NODE["CacheClusters"][0], **node}]}
    script.says("describe_cache_clusters", clusters).says("describe_events", events)
    with (
        script.played() as api,
        pytest.raises(
            AwsError, match=rf"did not change {left} \(should be .*insufficient capacity"
        ),
    ):
        ensure._verify(api, wanted())


def test_a_group_that_vanishes_or_goes_is_said_so() -> None:
    script = Script("elasticache").refuses(DESCRIBE, "ReplicationGroupNotFoundFault")
    with script.played() as api, pytest.raises(AwsError, match="was deleted during"):
        cache.must_find(api, NAME)
    script = Script("elasticache").says(DESCRIBE, group("deleting"))
    with script.played() as api, pytest.raises(AwsError, match="is being deleted"):
        ensure.ensure_present(api, Plan(), OPTIONS)


def test_a_group_that_was_never_made_leaves_no_snapshot() -> None:
    gone = "ReplicationGroupNotFoundFault"
    script = Script("elasticache").says(DESCRIBE, group("create-failed", ARN="arn"))
    script.says("list_tags_for_resource", TAGS)
    script.says("delete_replication_group", {}, **WHICH, RetainPrimaryCluster=False)
    script.says(DESCRIBE, group("deleting")).refuses(DESCRIBE, gone)
    script.says("describe_cache_parameter_groups", {"CacheParameterGroups": []})
    script.refuses("describe_cache_subnet_groups", "CacheSubnetGroupNotFoundFault")
    with script.played() as api:
        assert absent.ensure_absent(api, Plan(), OPTIONS) is None


def test_a_deletion_waits_for_the_change_before() -> None:
    delete = {**WHICH, "RetainPrimaryCluster": False}
    script = Script("elasticache")
    script.refuses("delete_replication_group", "InvalidReplicationGroupState")
    script.refuses("delete_replication_group", "SnapshotAlreadyExistsFault")
    script.says("delete_replication_group", {}, **delete, FinalSnapshotIdentifier="last-2")
    with script.played() as api:
        assert absent._delete(api, "group", NAME, "last", 5) == "last-2"


def test_ten_names_are_enough() -> None:
    tried: list[str] = []

    def send(name: str) -> None:
        tried.append(name)
        raise AwsError("taken", code="SnapshotAlreadyExistsFault")

    with pytest.raises(AwsError, match=r"last-2 to last-10 already exist\. Give another name"):
        datastore.with_free_name("last", absent.NAME_TAKEN, send)
    assert len(tried) == 10
    with pytest.raises(AwsError, match="taken"):
        datastore.with_free_name("last", (), send)


def test_what_is_not_provably_ours_is_not_removed() -> None:
    script = Script("elasticache").says(DESCRIBE, group("available", ARN="arn"))
    script.says("list_tags_for_resource", {"TagList": [{"Key": "Project", "Value": "theirs"}]})
    with script.played() as api, pytest.raises(AwsError, match="is not removed: it is tagged"):
        absent.ensure_absent(api, Plan(), OPTIONS)


def test_tags_are_asked_for_until_a_busy_group_is_available() -> None:
    """A destroy in the middle of the daily snapshot waits, and does not fail."""
    described = {**group("snapshotting")["ReplicationGroups"][0], "ARN": "arn:x"}
    script = Script("elasticache").refuses("list_tags_for_resource", cache.BUSY[2], "snapshotting")
    script.says(DESCRIBE, group("snapshotting")).says("list_tags_for_resource", TAGS)
    with script.played() as api:
        assert cache.tags_of(api, described, 10) == {"Project": "ragops"}


def test_tags_that_never_come_are_a_time_out_that_says_so() -> None:
    described = {**group("modifying")["ReplicationGroups"][0], "ARN": "arn:x"}
    script = Script("elasticache").refuses("list_tags_for_resource", cache.BUSY[2], "is modifying")
    script.says(DESCRIBE, group("modifying"))
    with script.played() as api, pytest.raises(AwsError, match=r"last seen: .*is modifying"):
        cache.tags_of(api, described, 0)
