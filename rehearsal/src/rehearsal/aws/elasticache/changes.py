"""What AWS keeps, hands on and refuses when a replication group is changed or removed.

ministack changes the group's own record only, and takes each change as it comes.
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

from rehearsal.aws.wire.query import Action, Parameters, Response, one

NODE_TYPES = (
    "cache.t3.micro", "cache.t3.small", "cache.t3.medium", "cache.t4g.micro", "cache.t4g.small",
    "cache.m7g.large", "cache.r7g.large",
)  # fmt: skip
# What a group's nodes report as well as the group.
SHARED = (
    "Engine", "EngineVersion", "CacheNodeType", "PreferredMaintenanceWindow", "SnapshotWindow",
    "SnapshotRetentionLimit", "SecurityGroups", "AutoMinorVersionUpgrade", "AuthTokenEnabled",
    "TransitEncryptionEnabled", "TransitEncryptionMode",
)  # fmt: skip


def adjust(elasticache: Any) -> None:
    """Put our functions in the places of ministack's. elasticache: its module."""
    for name, function in (
        ("_create_replication_group", refuse_failover_alone),
        ("_modify_replication_group", modify_wholly),
        ("_increase_replica_count", scale_members),
        ("_decrease_replica_count", scale_members),
        ("_delete_replication_group", with_last_snapshot),
        ("_delete_param_group", refuse_used_group),
    ):
        original = getattr(elasticache, name)
        setattr(elasticache, name, functools.partial(function, elasticache, original))
    elasticache.handle_request = functools.partial(
        with_node_types, elasticache, elasticache.handle_request
    )


def error(elasticache: Any, code: str, message: str) -> Response:
    """An error in the form of ElastiCache."""
    response: Response = elasticache._error(code, message, 400)
    return response


async def with_node_types(
    elasticache: Any,
    handle: Callable[..., Awaitable[Any]],
    method: str,
    path: str,
    headers: Any,
    body: bytes,
    query: Any,
) -> Any:
    """AWS: ListAllowedNodeTypeModifications. ministack has no such call."""
    form = parse_qs(body.decode("utf-8", errors="replace")) if body else {}
    if form.get("Action") != ["ListAllowedNodeTypeModifications"]:
        return await handle(method, path, headers, body, query)
    members = "".join(f"<member>{name}</member>" for name in NODE_TYPES)
    return elasticache._xml(
        200,
        "ListAllowedNodeTypeModificationsResponse",
        "<ListAllowedNodeTypeModificationsResult>"
        f"<ScaleUpModifications>{members}</ScaleUpModifications>"
        "</ListAllowedNodeTypeModificationsResult>",
    )


def is_on(parameters: Parameters, name: str) -> bool:
    """Whether a flag is given as true."""
    return one(parameters, name).lower() == "true"


def refuse_failover_alone(elasticache: Any, create: Action, parameters: Parameters) -> Response:
    """AWS: failover needs a replica, several zones need failover."""
    nodes = int(one(parameters, "NumCacheClusters") or 1)
    if is_on(parameters, "AutomaticFailoverEnabled") and nodes < 2:
        message = "Automatic failover is not supported for replication groups without a replica."
        return error(elasticache, "InvalidParameterCombination", message)
    return create(parameters)


def modify_wholly(elasticache: Any, modify: Action, parameters: Parameters) -> Response:
    """AWS: all settings count, for the nodes too; TLS is turned on by way of `preferred`."""
    group = elasticache._replication_groups.get(one(parameters, "ReplicationGroupId"))
    if group is None:
        return modify(parameters)
    if refusal := _refused(elasticache, group, parameters):
        return refusal
    response = modify(parameters)
    if response[0] != 200:
        return response
    _keep(elasticache, group, parameters)
    _hand_on(elasticache, group)
    answer: Response = elasticache._xml(
        200,
        "ModifyReplicationGroupResponse",
        "<ModifyReplicationGroupResult><ReplicationGroup>"
        f"{elasticache._rg_xml(group)}</ReplicationGroup></ModifyReplicationGroupResult>",
    )
    return answer


def _refused(elasticache: Any, group: Any, parameters: Parameters) -> Response | None:
    replicas = len(group["NodeGroups"][0]["NodeGroupMembers"]) - 1
    if is_on(parameters, "AutomaticFailoverEnabled") and replicas < 1:
        message = "Replication group must have at least one read replica to enable autofailover."
        return error(elasticache, "InvalidParameterValue", message)
    name = one(parameters, "CacheParameterGroupName")
    if name and name not in elasticache._param_groups:
        message = f"CacheParameterGroup not found: {name}"
        return error(elasticache, "CacheParameterGroupNotFound", message)
    engine = one(parameters, "Engine") or group["Engine"]
    version = one(parameters, "EngineVersion") or group["EngineVersion"]
    family = elasticache._param_group_family_for_engine(engine, version)
    used = name or group["CacheParameterGroupName"]
    found = elasticache._param_groups[used]["CacheParameterGroupFamily"]
    if found != family:
        message = f"Expected a parameter group of family {family} but found one of family {found}"
        return error(elasticache, "InvalidParameterCombination", message)
    required = one(parameters, "TransitEncryptionMode") == "required"
    if required and not group["TransitEncryptionEnabled"]:
        message = "To require TLS, set TransitEncryptionMode to preferred first."
        return error(elasticache, "InvalidParameterCombination", message)
    return None


def _keep(elasticache: Any, group: dict[str, Any], parameters: Parameters) -> None:
    for name in ("Engine", "PreferredMaintenanceWindow", "TransitEncryptionMode"):
        if text := one(parameters, name):
            group[name] = text
    for name in ("AutoMinorVersionUpgrade", "TransitEncryptionEnabled"):
        if one(parameters, name):
            group[name] = is_on(parameters, name)
    if is_on(parameters, "RemoveUserGroups"):
        group["UserGroupIds"] = []
    ids = elasticache._extract_configs(
        parameters, "SecurityGroupIds", ("SecurityGroupId", "member")
    )
    if ids:
        group["SecurityGroups"] = [{"SecurityGroupId": name, "Status": "active"} for name in ids]


def _hand_on(elasticache: Any, group: dict[str, Any]) -> None:
    for name in group["MemberClusters"]:
        node = elasticache._clusters[name]
        node.update({field: group[field] for field in SHARED if field in group})
        node["CacheParameterGroup"]["CacheParameterGroupName"] = group["CacheParameterGroupName"]


def scale_members(elasticache: Any, scale: Action, parameters: Parameters) -> Response:
    """AWS: the nodes are made and removed, and the last replica stays while failover is on."""
    group = elasticache._replication_groups.get(one(parameters, "ReplicationGroupId"))
    wanted = int(one(parameters, "NewReplicaCount") or 0)
    if group and wanted < 1 and group["AutomaticFailover"] == "enabled":
        message = "The number of replicas must be at least 1 while automatic failover is enabled."
        return error(elasticache, "InvalidParameterValue", message)
    response = scale(parameters)
    if response[0] != 200 or not group:
        return response
    names = [node["CacheClusterId"] for node in group["NodeGroups"][0]["NodeGroupMembers"]]
    first = elasticache._clusters[group["MemberClusters"][0]]
    for name in set(group["MemberClusters"]) - set(names):
        elasticache._clusters.pop(name, None)
    for name in names:
        if name not in elasticache._clusters:
            arn = elasticache._arn_cluster(name)
            elasticache._clusters[name] = {**first, "CacheClusterId": name, "CacheClusterArn": arn}
    group["MemberClusters"] = names
    return response


def with_last_snapshot(elasticache: Any, delete: Action, parameters: Parameters) -> Response:
    """AWS: FinalSnapshotIdentifier makes a snapshot, unless the name is taken."""
    group, name = one(parameters, "ReplicationGroupId"), one(parameters, "FinalSnapshotIdentifier")
    if name and group in elasticache._replication_groups:
        answer: Response = elasticache._create_snapshot(
            {"SnapshotName": [name], "ReplicationGroupId": [group]}
        )
        if answer[0] != 200:
            return answer
    return delete(parameters)


def refuse_used_group(elasticache: Any, delete: Action, parameters: Parameters) -> Response:
    """AWS: a parameter group stays while a replication group uses it."""
    name = one(parameters, "CacheParameterGroupName")
    used = {group["CacheParameterGroupName"] for group in elasticache._replication_groups.values()}
    if name in used:
        message = f"Cache parameter group {name} is in use."
        return error(elasticache, "InvalidCacheParameterGroupState", message)
    return delete(parameters)
