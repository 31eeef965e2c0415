# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What is asked of ElastiCache, and how long its answers are waited for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .. import datastore
from ..aws import AwsError, tag_dict, wait_until
from ..reconcile import Api
from . import checks, transform

GOOD = ("available",)
BAD = ("create-failed", "deleting")
NOT_FOUND = ("ReplicationGroupNotFoundFault",)
NO_NODE = ("CacheClusterNotFound", "CacheClusterNotFoundFault")
BUSY = (
    "InvalidCacheClusterState",
    "InvalidCacheClusterStateFault",
    "InvalidReplicationGroupState",
    "InvalidReplicationGroupStateFault",
)


def find(api: Api, group_id: str) -> dict[str, Any] | None:
    """Return a group as AWS describes it; None if there is none."""
    answer = api.read(
        "describe_replication_groups",
        f"replication group {group_id}",
        NOT_FOUND,
        ReplicationGroupId=group_id,
    )
    groups: list[dict[str, Any]] = answer.get("ReplicationGroups", [])
    return groups[0] if groups else None


def must_find(api: Api, group_id: str) -> dict[str, Any]:
    """Return a group that was there a moment ago.

    Raises:
        AwsError: it vanished.
    """
    return datastore.still_there(f"replication group {group_id}", find(api, group_id))


def tags_of(api: Api, group: Mapping[str, Any], timeout: float) -> dict[str, str]:
    """Return all tags of a group; AWS tells them of one that is available, so that is awaited.

    Raises:
        AwsError: it is not available after `timeout` seconds, or will never be.
    """
    group_id = str(group["ReplicationGroupId"])
    label = f"replication group {group_id}"
    found: list[dict[str, str]] = []

    def pending() -> str | None:
        try:
            answer = api.read("list_tags_for_resource", label, ResourceName=group["ARN"])
        except AwsError as error:
            if error.code not in BUSY:
                raise
            refuse_hopeless(api, group_id)
            return str(error)
        found.append(tag_dict(answer.get("TagList")))
        return None

    wait_until(f"tags of {label}", pending, timeout=timeout)
    return found[0]


def member_of(api: Api, group: Mapping[str, Any]) -> dict[str, Any]:
    """Return the first node of a group."""
    node = group["MemberClusters"][0]
    answer = api.read("describe_cache_clusters", f"cache node {node}", CacheClusterId=node)
    member: dict[str, Any] = answer["CacheClusters"][0]
    return member


def status(api: Api, group_id: str) -> str | None:
    """Return a group's status, with what AWS has yet to take up; None if there is no such group."""
    return _status_of(find(api, group_id))


def _status_of(group: Mapping[str, Any] | None) -> str | None:
    if group is None:
        return None
    pending = {
        key: value
        for key, value in (group.get("PendingModifiedValues") or {}).items()
        if value not in (None, "", {}, [])
    }
    if group["Status"] in GOOD and pending:
        return f"modifying (pending: {', '.join(sorted(pending))})"
    return str(group["Status"])


def settled(api: Api, group_id: str) -> str | None:
    """Return a group's status, also of its nodes.

    A group is available again while a node that was added is still being made.
    """
    group = find(api, group_id)
    state = _status_of(group)
    if group is None or state not in GOOD:
        return state
    for node in group.get("MemberClusters", ()):
        answer = api.read(
            "describe_cache_clusters", f"cache node {node}", NO_NODE, CacheClusterId=node
        )
        seen = [found["CacheClusterStatus"] for found in answer.get("CacheClusters", ())]
        if seen and seen[0] not in GOOD:
            return f"{state}, but its node {node} is {seen[0]}"
    return state


def shows(api: Api, group_id: str, wanted: datastore.State, arguments: Mapping[str, Any]) -> bool:
    """Return whether AWS tells of what it was asked for; of a token it never does.

    Args:
        wanted: the group's state.
        arguments: of the call that asked for (a part of) it.
    """
    group = find(api, group_id)
    if group is None or "AuthToken" in arguments:
        return False
    fields = [field for name in arguments for field in transform.SHOWN_BY.get(name, ())]
    current = transform.state_of(group, member_of(api, group), wanted)
    mode = arguments.get("TransitEncryptionMode")
    return all(current[field] == wanted[field] for field in fields) and (
        mode is None or group.get("TransitEncryptionMode") == mode
    )


def await_available(
    api: Api, group_id: str, timeout: float, shown: Callable[[], bool] | None = None
) -> None:
    """Wait until the group takes connections and modifications.

    shown: after a change, whether AWS tells of what was asked for.
    """
    if api.check_mode:
        return
    datastore.await_status(
        api,
        f"replication group {group_id}",
        lambda: settled(api, group_id),
        source=(group_id, "replication-group"),
        good=GOOD,
        bad=BAD,
        timeout=timeout,
        shown=shown,
    )


def refuse_hopeless(api: Api, group_id: str) -> None:
    """Raise when the group is in a state that it will not leave by itself."""
    state = status(api, group_id)
    if state is None or state in BAD:
        source = (group_id, "replication-group")
        raise datastore.lost(api, f"replication group {group_id}", state, source)


def check_version(api: Api, engine: str, version: str) -> None:
    """Refuse a version that AWS does not offer today."""
    offers = api.pages(
        "describe_cache_engine_versions",
        "CacheEngineVersions",
        f"versions of {engine}",
        Engine=engine,
    )
    offered = [str(offer["EngineVersion"]) for offer in offers]
    checks.refuse_unknown_version(engine, version, offered)


def check_node_type(api: Api, label: str, group_id: str, wanted: str) -> None:
    """Refuse a node type to which AWS does not change the group.

    Raises:
        AwsError: with the list of those to which it does.
    """
    answer = api.read("list_allowed_node_type_modifications", label, ReplicationGroupId=group_id)
    names = ("ScaleUpModifications", "ScaleDownModifications")
    allowed = sorted({kind for name in names for kind in answer.get(name) or []})
    if wanted not in allowed:
        raise AwsError(
            f"{label}: AWS cannot change it to node_type {wanted}. Allowed are"
            f" {', '.join(allowed) or 'none'}."
        )
