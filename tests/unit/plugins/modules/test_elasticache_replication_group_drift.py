"""A replication group that somebody has changed by hand: planned exactly, repaired, left alone."""

from __future__ import annotations

from typing import Any

import pytest
from support.data_store_worlds import NAME, TOKEN, network, refused, repaired
from support.data_store_worlds import cache_options as options
from support.drifts import Drift, elasticache
from support.lifecycle import Life, World, planned

CACHE = f"replication group {NAME}"
GROUP = f"cache parameter group {NAME}-redis7"


@pytest.fixture(scope="module")
def cache(modules_world: World) -> Life:
    """One group for all drifts: each leaves it as it was."""
    modules_world.aws.reset()
    life = Life(modules_world, "elasticache_replication_group", options(modules_world.aws))
    life.settles()
    return life


@pytest.mark.parametrize("drift", elasticache.DRIFTS, ids=lambda drift: drift.what)
def test_drift_is_planned_then_repaired(cache: Life, drift: Drift) -> None:
    repaired(cache, drift.on(NAME), drift.planned(NAME))
    assert TOKEN not in "".join(cache.world.printed)


def test_a_token_is_rotated_then_set(cache: Life) -> None:
    other = "another-token-that-must-never-be-shown-012"
    for strategy in ("rotate", "set"):
        turned = {**cache.options, "auth_token": other, "auth_token_update_strategy": strategy}
        assert planned(cache.world.run(cache.module, turned)) == {CACHE: ["auth_token_update"]}
    cache.rests(auth_token=other)
    assert other not in "".join(cache.world.printed)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            {"encryption_at_rest": False},
            "encryption_at_rest is True, and AWS cannot change it to False.*Remove",
        ),
        ({"kms_key_arn": "arn:aws:kms:other"}, "kms_key_arn is .*with the other key"),
        ({"subnet_group": {"name": "other", "subnet_ids": []}}, "subnet_group is .*Keep the name"),
        ({"encryption_in_transit": False, "auth_token": None}, "This module never turns TLS off"),
        ({"engine_version": "6.2"}, "AWS cannot"),
        ({"engine_version": "7.9"}, r"no redis 7\.9 in this region"),
        (
            {"node_type": "cache.z9.huge"},
            "cannot change it to node_type cache.z9.huge. Allowed are",
        ),
        ({"auth_token": None}, "auth_token_update_strategy: delete"),
    ],
)
def test_what_aws_cannot_change_is_refused_first(
    cache: Life, wrong: dict[str, Any], message: str
) -> None:
    refused(cache, message, **{"snapshot_retention_days": 3, **wrong})


def test_what_is_somebody_elses_is_refused(cache: Life) -> None:
    refused(cache, "belongs to somebody else", tags={"Project": "other"})


def test_subnets_of_another_vpc_are_refused(cache: Life) -> None:
    subnets, _ = network(cache.world.aws, "10.30")
    wrong = {"name": NAME, "subnet_ids": subnets}
    refused(cache, "AWS cannot move it", subnet_group=wrong)


VALKEY = {
    "engine": "valkey",
    "engine_version": "8.0",
    "parameter_group": {"name": f"{NAME}-valkey8", "parameters": {}},
}


def test_redis_becomes_valkey_in_place(cache: Life) -> None:
    expected = {
        CACHE: ["engine", "engine_version", "parameter_group"],
        f"cache parameter group {NAME}-valkey8": ["whole"],
        GROUP: ["whole"],
    }
    repaired(cache, lambda _: None, expected, **VALKEY)
    back = cache.world.run(cache.module, cache.options, fails=True)
    assert "it can only change valkey 7.2 to redis 7.1" in back["msg"]


def test_users_take_the_place_of_the_token(cache: Life) -> None:
    client = cache.world.aws.client("elasticache")
    client.create_user_group(UserGroupId="people", Engine="valkey", UserIds=["default"])
    cache.world.run(cache.module, {**cache.options, **VALKEY})
    users = {**VALKEY, "auth_token": None, "user_group_id": "people"}
    repaired(cache, lambda _: None, {CACHE: ["auth_token", "user_groups"]}, **users)
    assert elasticache.cache(cache.world.aws, NAME)["AuthTokenEnabled"] is False


def test_the_last_snapshot_gets_a_name_that_is_free(cache: Life) -> None:
    client = cache.world.aws.client("elasticache")
    client.create_snapshot(SnapshotName="last", ReplicationGroupId=NAME)
    gone = cache.settles("absent", final_snapshot_id="last")
    assert gone["final_snapshot_id"] == "last-2"
    names = {item["SnapshotName"] for item in client.describe_snapshots()["Snapshots"]}
    assert names == {"last", "last-2"}
    groups = client.describe_cache_parameter_groups()["CacheParameterGroups"]
    assert not [item for item in groups if item["CacheParameterGroupName"].startswith(NAME)]


def test_a_group_without_tls_gets_it_and_a_token(world: World) -> None:
    plain = {
        **options(world.aws),
        "encryption_in_transit": False,
        "auth_token": None,
        "replicas": 0,
        "multi_az": False,
    }
    life = Life(world, "elasticache_replication_group", plain)
    life.settles()
    refused = {"encryption_in_transit": True, "auth_token": TOKEN}
    rotated = {**plain, **refused, "auth_token_update_strategy": "rotate"}
    assert "rotate would leave it open" in world.run(life.module, rotated, fails=True)["msg"]
    expected = {CACHE: ["auth_token", "encryption_in_transit"]}
    repaired(life, lambda _: None, expected, **refused)
    assert elasticache.cache(world.aws, NAME)["TransitEncryptionMode"] == "required"
