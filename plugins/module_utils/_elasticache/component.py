# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""How the cache is found, and what a destroy can leave of it."""

from __future__ import annotations

from collections.abc import Callable, Collection

from .._platform.outputs import Outputs, address
from .._platform.scope import Connect, Scope
from .._sweep.stores import Listing, finder
from ..aws import Dict, call, tag_dict
from ..component import Component
from ..reconcile import Api
from .api import BUSY


def read(connect: Connect, scope: Scope) -> Dict | None:
    """The replication group <name>."""
    about, connection = f"ElastiCache replication group {scope.name}", connect("elasticache")
    missing = ("ReplicationGroupNotFoundFault", "ReplicationGroupNotFound")
    answer = call(
        connection,
        "describe_replication_groups",
        about,
        missing=missing,
        ReplicationGroupId=scope.name,
    )
    groups: list[Dict] = answer["ReplicationGroups"] if answer else []
    if not groups:
        return None
    # AWS tells no tags of a group at which it is at work: then the role that changes it asks.
    tags = call(
        connection,
        "list_tags_for_resource",
        about,
        missing=(*missing, *BUSY),
        ResourceName=groups[0]["ARN"],
    )
    if tags is not None:
        scope.check_repairable(tag_dict(tags.get("TagList")), about)
    return groups[0]


def shape(raw: Dict | None, _: str) -> Dict:
    """The replication group; endpoint is the primary's (or the configuration endpoint)."""
    group = raw or {}
    shards = group.get("NodeGroups") or [{}]
    endpoint = group.get("ConfigurationEndpoint") or shards[0].get("PrimaryEndpoint") or {}
    return {
        "replication_group_id": group.get("ReplicationGroupId"),
        "arn": group.get("ARN"),
        "status": group.get("Status"),
        "endpoint": endpoint.get("Address"),
        "port": endpoint.get("Port"),
        "tls": group.get("TransitEncryptionEnabled"),
        "multi_az": group["MultiAZ"] == "enabled" if "MultiAZ" in group else None,
    }


def outputs(found: Dict) -> Outputs:
    """What people look up of the cache."""
    there = found["replication_group_id"]
    state = f" ({found['status']})"
    return Outputs(
        lines={"Redis": address(found)},
        summary={"Redis": (address(found) or "no address yet") + state if there else None},
        variables={"REDIS_HOST": found["endpoint"], "REDIS_PORT": found["port"]},
    )


def encrypted(connect: Callable[[str], Api], key_arn: str, _: Collection[str]) -> list[str]:
    """Tell which snapshots a key encrypts that outlive their group."""
    listed = connect("elasticache").pages(
        "describe_snapshots", "Snapshots", "cache snapshots", SnapshotSource="user"
    )
    return [
        f"cache snapshot {item['SnapshotName']}"
        for item in listed
        if item.get("KmsKeyId") == key_arn
    ]


LISTINGS = (
    Listing(
        "replication_group",
        "describe_replication_groups",
        "ReplicationGroups",
        "ReplicationGroupId",
        "ARN",
        billed=True,
    ),
    Listing(
        "snapshot",
        "describe_snapshots",
        "Snapshots",
        "SnapshotName",
        "ARN",
        billed=True,
        data=True,
    ),
    Listing(
        "parameter_group",
        "describe_cache_parameter_groups",
        "CacheParameterGroups",
        "CacheParameterGroupName",
        "ARN",
    ),
    Listing(
        "subnet_group",
        "describe_cache_subnet_groups",
        "CacheSubnetGroups",
        "CacheSubnetGroupName",
        "ARN",
    ),
    Listing("user_group", "describe_user_groups", "UserGroups", "UserGroupId", "ARN"),
    Listing("user", "describe_users", "Users", "UserId", "ARN"),
)
VANISHED = (
    "CacheParameterGroupNotFound",
    "CacheSubnetGroupNotFoundFault",
    "InvalidARN",
    "ReplicationGroupNotFoundFault",
    "SnapshotNotFoundFault",
    "UserGroupNotFound",
    "UserNotFound",
)

COMPONENT = Component(
    "elasticache",
    data=True,
    read=read,
    shape=shape,
    outputs=outputs,
    leftovers=(finder("elasticache", LISTINGS, VANISHED, BUSY),),
    services=frozenset({"elasticache"}),
    log_groups=("/aws/elasticache",),
    encrypted=encrypted,
)
