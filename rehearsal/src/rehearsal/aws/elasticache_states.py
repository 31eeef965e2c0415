"""ElastiCache is at work for a while on what it took: groups are creating, modifying, snapshotting.

Meanwhile it takes no other change of the group, nor the question for its tags. ministack is done
at once. Setting, from the environment of the emulated account:

    AWS_CACHE_SECONDS   seconds for which it is at work (default 0)
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping
from typing import Any

from rehearsal.aws.elasticache_changes import error
from rehearsal.aws.query import Action, Parameters, Response, one

REFUSED = "InvalidReplicationGroupState"


def adjust(elasticache: Any, environment: Mapping[str, str]) -> None:
    """Put our functions in the places of ministack's. elasticache: its module."""
    elasticache._modify_replication_group = functools.partial(
        with_source_of_snapshots, elasticache, elasticache._modify_replication_group
    )
    seconds = float(environment.get("AWS_CACHE_SECONDS", 0))
    if not seconds:
        return
    for name, state in (
        ("_create_replication_group", "creating"),
        ("_modify_replication_group", "modifying"),
        ("_increase_replica_count", "modifying"),
        ("_decrease_replica_count", "modifying"),
        ("_create_snapshot", "snapshotting"),
        ("_delete_replication_group", ""),
    ):
        action = getattr(elasticache, name)
        changed = functools.partial(at_work, elasticache, action, state, seconds)
        setattr(elasticache, name, changed)
    elasticache._list_tags = functools.partial(
        refuse_tags_of_busy, elasticache, elasticache._list_tags
    )
    elasticache._rg_xml = functools.partial(with_state, elasticache._rg_xml)


def state_of(group: Mapping[str, Any]) -> str:
    """What ElastiCache is doing with a group; empty: nothing."""
    state, until = group.get("_at_work", ("", 0.0))
    return str(state) if time.monotonic() < until else ""


def at_work(
    elasticache: Any, action: Action, state: str, seconds: float, parameters: Parameters
) -> Response:
    """Refuse a change of a busy group; else be busy with it."""
    name = one(parameters, "ReplicationGroupId")
    group = elasticache._replication_groups.get(name)
    # Its own deletion takes the last snapshot.
    if group and state_of(group) and not (state == "snapshotting" and group.get("_ending")):
        text = f"Replication group {name} is not in the available state: {state_of(group)}."
        return error(elasticache, REFUSED, text)
    if group and not state:
        group["_ending"] = True
    response = action(parameters)
    group = elasticache._replication_groups.get(name)
    if response[0] == 200 and group and state:
        group["_at_work"] = (state, time.monotonic() + seconds)
    return response


def refuse_tags_of_busy(elasticache: Any, action: Action, parameters: Parameters) -> Response:
    """AWS: "If the cluster is not in the available state, ListTagsForResource returns an error"."""
    arn = one(parameters, "ResourceName")
    for name, group in elasticache._replication_groups.items():
        if arn.endswith(f":replicationgroup:{name}") and state_of(group):
            text = f"Replication group {name} is not in the available state: {state_of(group)}."
            return error(elasticache, REFUSED, text)
    return action(parameters)


def with_state(original: Callable[[Any], str], group: Mapping[str, Any]) -> str:
    """A group as it is described while ElastiCache is at work on it."""
    state = state_of(group)
    return original({**group, "Status": state} if state else group)


def with_source_of_snapshots(elasticache: Any, modify: Action, parameters: Parameters) -> Response:
    """AWS: with cluster mode disabled, snapshots are turned on by naming the node they are of."""
    group = elasticache._replication_groups.get(one(parameters, "ReplicationGroupId"))
    days = int(one(parameters, "SnapshotRetentionLimit") or 0)
    if group and days and not int(group.get("SnapshotRetentionLimit") or 0):
        source = one(parameters, "SnapshottingClusterId")
        if not source:
            text = (
                "Must specify both SnapshotRetentionLimit and SnapshottingClusterId to turn on "
                "snapshots."
            )
            return error(elasticache, "InvalidParameterCombination", text)
        if source not in group["MemberClusters"]:
            text = f"{source} is not a member of the replication group."
            return error(elasticache, "InvalidParameterValue", text)
    return modify(parameters)
