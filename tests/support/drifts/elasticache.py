"""What somebody may change by hand of a replication group and its groups."""

from __future__ import annotations

from typing import Any

from support.drifts import NAME, Drift, Make, call
from support.emulator import Aws

CACHE = f"replication group {NAME}"
NOW = {"ReplicationGroupId": NAME, "ApplyImmediately": True}


def cache(aws: Aws, name: str) -> dict[str, Any]:
    answer = aws.client("elasticache").describe_replication_groups(ReplicationGroupId=name)
    found: dict[str, Any] = answer["ReplicationGroups"][0]
    return found


def modified(**changes: Any) -> Make:
    return call("elasticache", "modify_replication_group", **NOW, **changes)


def setting(what: str, field: str, **changes: Any) -> Drift:
    return Drift(what, modified(**changes), {CACHE: [field]})


def parameter(what: str, name: str, value: str) -> Drift:
    change = {"ParameterName": name, "ParameterValue": value}
    which = {"CacheParameterGroupName": f"{NAME}-redis7"}
    make = call(
        "elasticache", "modify_cache_parameter_group", **which, ParameterNameValues=[change]
    )
    return Drift(what, make, {f"cache parameter group {NAME}-redis7": [f"parameters.{name}"]})


def no_replica(aws: Aws, name: str) -> None:
    modified(**NO_FAILOVER)(aws, name)
    call("elasticache", "decrease_replica_count", **NOW, NewReplicaCount=0)(aws, name)


def untagged(aws: Aws, name: str) -> None:
    arn = cache(aws, name)["ARN"]
    aws.client("elasticache").remove_tags_from_resource(ResourceName=arn, TagKeys=["Environment"])


def fewer_subnets(aws: Aws, name: str) -> None:
    client = aws.client("elasticache")
    group = client.describe_cache_subnet_groups(CacheSubnetGroupName=name)["CacheSubnetGroups"][0]
    kept = [group["Subnets"][0]["SubnetIdentifier"]]
    client.modify_cache_subnet_group(CacheSubnetGroupName=name, SubnetIds=kept)


NO_FAILOVER = {"AutomaticFailoverEnabled": False, "MultiAZEnabled": False}
MORE = call("elasticache", "increase_replica_count", **NOW, NewReplicaCount=2)
MONDAY = "mon:10:00-mon:11:00"
OTHER_GROUP = ["sg-0123456789abcdef0"]

DRIFTS = [
    setting("snapshots off", "snapshot_retention_days", SnapshotRetentionLimit=0),
    Drift("failover off", modified(**NO_FAILOVER), {CACHE: ["automatic_failover", "multi_az"]}),
    setting("one zone", "multi_az", MultiAZEnabled=False),
    setting("other nodes", "node_type", CacheNodeType="cache.t3.small"),
    setting("snapshot window", "snapshot_window", SnapshotWindow="10:00-11:00"),
    setting("maintenance window", "maintenance_window", PreferredMaintenanceWindow=MONDAY),
    setting("releases off", "auto_minor_version_upgrade", AutoMinorVersionUpgrade=False),
    setting("security group", "security_group_ids", SecurityGroupIds=OTHER_GROUP),
    setting("default parameters", "parameter_group", CacheParameterGroupName="default.redis7"),
    setting("description", "description", ReplicationGroupDescription="mine"),
    setting("token off", "auth_token", AuthTokenUpdateStrategy="DELETE"),
    setting("TLS only offered", "encryption_in_transit", TransitEncryptionMode="preferred"),
    Drift("a replica more", MORE, {CACHE: ["replicas"]}),
    Drift("no replica", no_replica, {CACHE: ["automatic_failover", "multi_az", "replicas"]}),
    Drift("tag removed", untagged, {CACHE: ["tags.Environment"]}),
    Drift("a subnet less", fewer_subnets, {f"cache subnet group {NAME}": ["subnets"]}),
    parameter("policy changed", "maxmemory-policy", "noeviction"),
    parameter("a parameter more", "timeout", "20"),
]
