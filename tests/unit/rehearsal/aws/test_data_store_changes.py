"""The emulated RDS and ElastiCache refuse, put off and keep what AWS does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from support.emulator import Aws, adjusted

DB = {"DBInstanceIdentifier": "db"}
CACHE = {"ReplicationGroupId": "cache"}


@pytest.fixture(scope="module")
def emulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    with adjusted(tmp_path_factory.mktemp("data-stores") / "requests.jsonl") as aws:
        yield aws


@pytest.fixture
def rds(emulated: Aws) -> Any:
    """RDS with one instance of 15.17 and 40 GiB."""
    emulated.reset()
    client = emulated.client("rds")
    client.create_db_parameter_group(
        DBParameterGroupName="group", DBParameterGroupFamily="postgres15", Description="d"
    )
    client.create_db_instance(
        **DB,
        DBInstanceClass="db.t3.micro",
        Engine="postgres",
        EngineVersion="15.17",
        AllocatedStorage=40,
        DBParameterGroupName="group",
        MasterUsername="ragops",
        ManageMasterUserPassword=True,
        CACertificateIdentifier="rds-ca-ecc384-g1",
    )
    return client


@pytest.fixture
def cache(emulated: Aws) -> Any:
    """ElastiCache with one group of a primary and a replica."""
    emulated.reset()
    client = emulated.client("elasticache")
    client.create_replication_group(
        **CACHE,
        ReplicationGroupDescription="d",
        Engine="redis",
        EngineVersion="7.1",
        CacheNodeType="cache.t3.micro",
        NumCacheClusters=2,
        AutomaticFailoverEnabled=True,
        TransitEncryptionEnabled=False,
    )
    return client


def instance(rds: Any) -> dict[str, Any]:
    found: dict[str, Any] = rds.describe_db_instances(**DB)["DBInstances"][0]
    return found


def refused(code: str, call: Any, **arguments: Any) -> None:
    with pytest.raises(ClientError) as error:
        call(**arguments)
    assert error.value.response["Error"]["Code"] == code


@pytest.mark.parametrize(
    "change",
    [
        {"AllocatedStorage": 20},
        {"EngineVersion": "15.16"},
        {"EngineVersion": "15.4"},
        {"EngineVersion": "16.14"},
    ],
)
def test_an_instance_neither_shrinks_nor_goes_back_nor_jumps(
    rds: Any, change: dict[str, Any]
) -> None:
    refused("InvalidParameterCombination", rds.modify_db_instance, **DB, **change)


def test_upgrades_along_aws_paths(rds: Any) -> None:
    rds.modify_db_instance(
        **DB, EngineVersion="16.14", AllowMajorVersionUpgrade=True, ApplyImmediately=True
    )
    assert instance(rds)["EngineVersion"] == "16.14"


def test_what_is_not_immediate_is_pending_until_it_is_asked_for(rds: Any) -> None:
    rds.modify_db_instance(**DB, DBInstanceClass="db.t3.small", BackupRetentionPeriod=9)
    rds.modify_db_instance(**DB, MultiAZ=True)
    seen = instance(rds)
    assert (seen["DBInstanceClass"], seen["BackupRetentionPeriod"]) == ("db.t3.micro", 9)
    assert seen["PendingModifiedValues"] == {"DBInstanceClass": "db.t3.small", "MultiAZ": True}
    rds.modify_db_instance(**DB, ApplyImmediately=True)
    seen = instance(rds)
    assert (seen["DBInstanceClass"], seen["MultiAZ"]) == ("db.t3.small", True)
    assert seen["PendingModifiedValues"] == {}


def test_settings_are_kept(rds: Any, emulated: Aws) -> None:
    assert instance(rds)["CACertificateIdentifier"] == "rds-ca-ecc384-g1"
    rds.modify_db_instance(
        **DB,
        AutoMinorVersionUpgrade=False,
        EnablePerformanceInsights=True,
        PerformanceInsightsKMSKeyId="arn:aws:kms:us-east-1:000000000000:key/k",
    )
    seen = instance(rds)
    assert (seen["AutoMinorVersionUpgrade"], seen["PerformanceInsightsEnabled"]) == (False, True)
    assert seen["PerformanceInsightsKMSKeyId"].endswith(":key/k")
    secrets = emulated.client("secretsmanager")
    secret = secrets.describe_secret(SecretId=seen["MasterUserSecret"]["SecretArn"])
    assert secret["RotationRules"] == {"AutomaticallyAfterDays": 7}


def test_static_parameters_wait_for_a_reboot(rds: Any) -> None:
    def status() -> str:
        return str(instance(rds)["DBParameterGroups"][0]["ParameterApplyStatus"])

    change = {"ParameterName": "shared_buffers", "ParameterValue": "9"}
    for method, expected in (("immediate", "in-sync"), ("pending-reboot", "pending-reboot")):
        rds.modify_db_parameter_group(
            DBParameterGroupName="group", Parameters=[{**change, "ApplyMethod": method}]
        )
        assert status() == expected
    rds.reboot_db_instance(**DB)
    assert status() == "in-sync"


def test_what_is_used_or_taken_stays(rds: Any) -> None:
    refused(
        "InvalidDBParameterGroupState",
        rds.delete_db_parameter_group,
        DBParameterGroupName="group",
    )
    group = instance(rds)["DBSubnetGroup"]["DBSubnetGroupName"]
    refused("InvalidDBSubnetGroupStateFault", rds.delete_db_subnet_group, DBSubnetGroupName=group)
    rds.create_db_snapshot(DBSnapshotIdentifier="last", **DB)
    refused(
        "DBSnapshotAlreadyExists",
        rds.delete_db_instance,
        **DB,
        FinalDBSnapshotIdentifier="last",
    )
    refused("InvalidParameterCombination", rds.delete_db_instance, **DB)
    rds.delete_db_instance(**DB, FinalDBSnapshotIdentifier="last-2")


def test_classes_are_offered_with_each_kind_of_storage(rds: Any) -> None:
    def offered(name: str) -> list[str]:
        options = rds.describe_orderable_db_instance_options(
            Engine="postgres", EngineVersion="15.18", DBInstanceClass=name
        )["OrderableDBInstanceOptions"]
        return [option["StorageType"] for option in options]

    assert offered("db.t3.micro") == ["gp2", "gp3", "io1", "io2"]
    assert offered("db.t9.huge") == []


def test_failover_needs_a_replica(cache: Any) -> None:
    scale = cache.decrease_replica_count
    fewer = {**CACHE, "NewReplicaCount": 0, "ApplyImmediately": True}
    refused("InvalidParameterValue", scale, **fewer)
    cache.modify_replication_group(**CACHE, AutomaticFailoverEnabled=False)
    scale(**fewer)
    group = cache.describe_replication_groups(**CACHE)["ReplicationGroups"][0]
    assert group["MemberClusters"] == ["cache-0001-001"]
    assert len(cache.describe_cache_clusters()["CacheClusters"]) == 1
    refused(
        "InvalidParameterValue",
        cache.modify_replication_group,
        **CACHE,
        AutomaticFailoverEnabled=True,
    )
    refused(
        "InvalidParameterCombination",
        cache.create_replication_group,
        ReplicationGroupId="alone",
        ReplicationGroupDescription="d",
        NumCacheClusters=1,
        AutomaticFailoverEnabled=True,
    )


def test_a_version_needs_parameters_of_its_family(cache: Any) -> None:
    newer = {**CACHE, "Engine": "valkey", "EngineVersion": "8.0", "ApplyImmediately": True}
    refused("InvalidParameterCombination", cache.modify_replication_group, **newer)
    refused(
        "CacheParameterGroupNotFound",
        cache.modify_replication_group,
        **newer,
        CacheParameterGroupName="mine",
    )
    cache.create_cache_parameter_group(
        CacheParameterGroupName="mine", CacheParameterGroupFamily="valkey8", Description="d"
    )
    cache.modify_replication_group(**newer, CacheParameterGroupName="mine")
    node = cache.describe_cache_clusters()["CacheClusters"][0]
    assert (node["Engine"], node["EngineVersion"]) == ("valkey", "8.0")
    assert node["CacheParameterGroup"]["CacheParameterGroupName"] == "mine"
    refused(
        "InvalidCacheParameterGroupState",
        cache.delete_cache_parameter_group,
        CacheParameterGroupName="mine",
    )


def test_tls_is_offered_before_it_is_required(cache: Any) -> None:
    refused(
        "InvalidParameterCombination",
        cache.modify_replication_group,
        **CACHE,
        TransitEncryptionMode="required",
    )
    cache.modify_replication_group(
        **CACHE, TransitEncryptionEnabled=True, TransitEncryptionMode="preferred"
    )
    done = cache.modify_replication_group(**CACHE, TransitEncryptionMode="required")
    assert done["ReplicationGroup"]["TransitEncryptionMode"] == "required"


def test_a_last_snapshot_is_made_unless_its_name_is_taken(cache: Any) -> None:
    cache.create_snapshot(SnapshotName="last", **CACHE)
    refused(
        "SnapshotAlreadyExistsFault",
        cache.delete_replication_group,
        **CACHE,
        FinalSnapshotIdentifier="last",
    )
    cache.delete_replication_group(**CACHE, FinalSnapshotIdentifier="last-2")
    assert len(cache.describe_snapshots()["Snapshots"]) == 2


def test_node_types_to_change_to_are_listed(cache: Any) -> None:
    answer = cache.list_allowed_node_type_modifications(**CACHE)
    assert "cache.t3.small" in answer["ScaleUpModifications"]
