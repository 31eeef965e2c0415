"""ElastiCache is at work for a while on what it took: groups are creating, modifying, snapshotting.

Meanwhile it takes no other change of the group, nor the question for its tags. How long that lasts
is set as `at_work` says. A node that was added is made for as long again, when its group is called
available already.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping
from typing import Any

from rehearsal.aws import at_work
from rehearsal.aws.elasticache.changes import error
from rehearsal.aws.wire.query import Action, Parameters, Response, one

REFUSED = "InvalidReplicationGroupState"
TOKEN_STATES = {"SET": "SETTING", "ROTATE": "ROTATING", "": "ROTATING"}


def adjust(elasticache: Any, environment: Mapping[str, str]) -> None:
    """Put our functions in the places of ministack's. elasticache: its module."""
    elasticache._modify_replication_group = functools.partial(
        with_source_of_snapshots, elasticache, elasticache._modify_replication_group
    )
    pace = at_work.Pace.of(environment, "CACHE")
    for name, state in (
        ("_create_replication_group", "creating"),
        ("_modify_replication_group", "modifying"),
        ("_increase_replica_count", "modifying"),
        ("_decrease_replica_count", "modifying"),
        ("_create_snapshot", "snapshotting"),
        ("_delete_replication_group", ""),
    ):
        action = getattr(elasticache, name)
        changed = functools.partial(change, elasticache, action, state, pace)
        setattr(elasticache, name, changed)
    for name, state in (("_list_tags", ""), ("_add_tags", "modifying"), ("_remove_tags", "")):
        action = getattr(elasticache, name)
        asked = functools.partial(ask_tags, elasticache, action, state, pace)
        setattr(elasticache, name, asked)
    elasticache._rg_xml = functools.partial(with_state, elasticache._rg_xml)
    elasticache._cluster_xml = functools.partial(with_state_of_group, elasticache)
    elasticache._describe_replication_groups = functools.partial(
        describe, elasticache, elasticache._describe_replication_groups
    )


def change(
    elasticache: Any, action: Action, state: str, pace: at_work.Pace, parameters: Parameters
) -> Response:
    """Refuse a change of a busy group; else be busy with it."""
    name = one(parameters, "ReplicationGroupId")
    group = elasticache._replication_groups.get(name)
    # Its own deletion takes the last snapshot.
    own = bool(group) and state == "snapshotting" and group.get("_ending")
    if group and not own and (refusal := refused(elasticache, name, group)):
        return refusal
    if group and not state:
        group["_ending"] = True
    before = records(elasticache, name)
    response = action(parameters)
    group = elasticache._replication_groups.get(name)
    if response[0] == 200 and group and state:
        pending = {}
        if one(parameters, "AuthToken") and before:
            strategy = one(parameters, "AuthTokenUpdateStrategy")
            pending["AuthTokenStatus"] = TOKEN_STATES[strategy]
        group[at_work.KEY] = pace.work(state, before, **pending)
        for node in set(group["MemberClusters"]) - set(before) if before else ():
            elasticache._clusters[node][at_work.KEY] = at_work.Work(
                "creating", time.monotonic(), group[at_work.KEY].done + pace.busy
            )
    return response


def records(elasticache: Any, name: str) -> dict[str, at_work.Record]:
    """A group and its nodes as they are now, by name; empty if there is no such group."""
    group = elasticache._replication_groups.get(name)
    if group is None:
        return {}
    nodes = {node: elasticache._clusters.get(node) for node in group["MemberClusters"]}
    found = {name: group, **{node: record for node, record in nodes.items() if record}}
    return {each: at_work.kept(record) for each, record in found.items()}


def refused(elasticache: Any, name: str, group: Mapping[str, Any]) -> Response | None:
    """The refusal of what needs a group that is available, if it is not."""
    if state := at_work.state_of(group):
        text = f"Replication group {name} is not in the available state: {state}."
        return error(elasticache, REFUSED, text)
    for node in group["MemberClusters"]:
        if state := at_work.state_of(elasticache._clusters.get(node, {})):
            text = f"Cache cluster {node} is not in the available state: {state}."
            return error(elasticache, "InvalidCacheClusterState", text)
    return None


def ask_tags(
    elasticache: Any, action: Action, state: str, pace: at_work.Pace, parameters: Parameters
) -> Response:
    """AWS: "If the cluster is not in the available state, ListTagsForResource returns an error".

    state: what a group is in when its tags were changed.
    """
    arn = one(parameters, "ResourceName")
    for name, group in elasticache._replication_groups.items():
        if arn.endswith(f":replicationgroup:{name}"):
            if refusal := refused(elasticache, name, group):
                return refusal
            before = records(elasticache, name)
            response = action(parameters)
            if response[0] == 200 and state:
                group[at_work.KEY] = pace.work(state, before)
            return response
    return action(parameters)


def with_state(original: Callable[[Any], str], group: Mapping[str, Any]) -> str:
    """A group as it is described while ElastiCache is at work on it."""
    record, pending = at_work.shown(group, group["ReplicationGroupId"], "Status")
    told = "".join(f"<{name}>{value}</{name}>" for name, value in pending.items())
    more = f"<PendingModifiedValues>{told}</PendingModifiedValues>" if told else ""
    return original(record) + more


def with_state_of_group(elasticache: Any, node: Mapping[str, Any]) -> str:
    """A node as it is described while ElastiCache is at work on its group."""
    name = node["CacheClusterId"]
    for group in elasticache._replication_groups.values():
        work = group.get(at_work.KEY)
        if work and not work.over and name in group["MemberClusters"]:
            node = work.before.get(name, node)
    if state := at_work.state_of(node):
        node = {**node, "CacheClusterStatus": state}
    return f"<CacheCluster>{elasticache._cluster_xml_inner(node)}</CacheCluster>"


def describe(elasticache: Any, action: Action, parameters: Parameters) -> Response:
    """What is pending is told of once at least, though it be done at once."""
    response = action(parameters)
    for name, group in elasticache._replication_groups.items():
        if one(parameters, "ReplicationGroupId") in ("", name):
            at_work.told(group)
    return response


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
