# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Bring a replication group to its state. The token never enters the plan or an error."""

from __future__ import annotations

from typing import Any

from ansible_collections.ragops.platform.plugins.module_utils import datastore
from ansible_collections.ragops.platform.plugins.module_utils._elasticache import transform
from ansible_collections.ragops.platform.plugins.module_utils.aws import AwsError
from ansible_collections.ragops.platform.plugins.module_utils.reconcile import (
    Api,
    Plan,
    tag_list,
)

GOOD = ("available",)
BAD = ("create-failed", "deleting")
NOT_FOUND = ("ReplicationGroupNotFoundFault",)


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


def status(api: Api, group_id: str) -> str | None:
    """Return a group's status; None if there is no such group."""
    group = find(api, group_id)
    return str(group["Status"]) if group else None


def await_available(api: Api, group_id: str, timeout: float) -> None:
    """Wait until the group takes connections and modifications."""
    if api.check_mode:
        return
    datastore.await_status(
        api,
        f"replication group {group_id}",
        lambda: status(api, group_id),
        source=(group_id, "replication-group"),
        good=GOOD,
        bad=BAD,
        timeout=timeout,
    )


def ensure_present(api: Api, plan: Plan, options: dict[str, Any]) -> dict[str, Any]:
    """Make or modify the group with its subnet group; return its facts.

    Without `wait` a group that AWS is still at work on is left as it is: the
    call that waits compares it.
    """
    group_id = options["replication_group_id"]
    label = f"replication group {group_id}"
    wanted = transform.wanted_of(options)
    _check(label, options)
    datastore.ensure_subnet_group(api, plan, "Cache", options["subnet_group"], options["tags"])
    group = find(api, group_id)
    if group is not None and group["Status"] == "deleting":
        raise AwsError(f"{label} is being deleted. Wait until it is gone, then run again.")
    if group is None:
        plan.record(label, None, wanted)
        _create(api, label, wanted, options)
    elif group["Status"] in GOOD or options["wait"]:
        await_available(api, group_id, options["wait_timeout"])
        _modify(api, plan, label, wanted, options)
    if options["wait"]:
        await_available(api, group_id, options["wait_timeout"])
    unmade = {"ReplicationGroupId": group_id, "Status": "to be created"}
    return transform.facts_of(find(api, group_id) or unmade)


def _check(label: str, options: dict[str, Any]) -> None:
    token = options["auth_token"]
    if token and not options["encryption_in_transit"]:
        raise AwsError(f"{label}: an AUTH token needs encryption_in_transit.")
    if token and not 16 <= len(token) <= 128:
        raise AwsError(f"{label}: auth_token must have 16 to 128 characters, as AWS takes it.")
    if options["multi_az"] and options["replicas"] < 1:
        raise AwsError(f"{label}: multi_az needs at least one replica to fail over to.")
    if not 0 <= options["replicas"] <= 5:
        raise AwsError(f"{label}: replicas must be 0 to 5.")


def _create(api: Api, label: str, wanted: datastore.State, options: dict[str, Any]) -> None:
    token = {"AuthToken": options["auth_token"]} if options["auth_token"] else {}
    api.write(
        "create_replication_group",
        label,
        ReplicationGroupId=options["replication_group_id"],
        Tags=tag_list(wanted["tags"]),
        **transform.create_arguments(wanted),
        **token,
    )


def _modify(
    api: Api, plan: Plan, label: str, wanted: datastore.State, options: dict[str, Any]
) -> None:
    group_id = options["replication_group_id"]
    group = find(api, group_id)
    if group is None:
        raise AwsError(f"{label} vanished while it was waited for. Run again.")
    members = api.read("describe_cache_clusters", label, CacheClusterId=group["MemberClusters"][0])
    current = transform.state_of(group, members["CacheClusters"][0], wanted)
    current["tags"] = datastore.read_tags(api, label, group["ARN"], wanted["tags"])
    datastore.refuse_unchangeable(label, current, wanted, transform.REMEDIES)
    strategy = options["auth_token_update_strategy"]
    if current["auth_token"] != wanted["auth_token"] and not strategy:
        raise AwsError(
            f"{label}: AUTH is {'on' if current['auth_token'] else 'off'} and wanted the other "
            "way. Say so with auth_token_update_strategy: set (with a token) or delete."
        )
    rotation = {"auth_token_update": strategy} if strategy else {}
    plan.record(label, current, {**wanted, **rotation})
    _scale_and_modify(api, label, current, wanted, options)
    if strategy:
        token = {} if strategy == "delete" else {"AuthToken": options["auth_token"]}
        _apply(api, label, options, AuthTokenUpdateStrategy=strategy.upper(), **token)
    datastore.write_tags(api, label, group["ARN"], current["tags"], wanted["tags"])


def _scale_and_modify(
    api: Api,
    label: str,
    current: datastore.State,
    wanted: datastore.State,
    options: dict[str, Any],
) -> None:
    """Replicas come before what needs them (failover) and go after it."""
    arguments = transform.modify_arguments(current, wanted)
    if wanted["replicas"] > current["replicas"]:
        _scale(api, label, "increase_replica_count", wanted, options)
    if arguments:
        _apply(api, label, options, **arguments)
    if wanted["replicas"] < current["replicas"]:
        _scale(api, label, "decrease_replica_count", wanted, options)


def _scale(
    api: Api, label: str, operation: str, wanted: datastore.State, options: dict[str, Any]
) -> None:
    group_id = options["replication_group_id"]
    api.write(
        operation,
        label,
        ReplicationGroupId=group_id,
        NewReplicaCount=wanted["replicas"],
        ApplyImmediately=True,
    )
    await_available(api, group_id, options["wait_timeout"])


def _apply(api: Api, label: str, options: dict[str, Any], **arguments: Any) -> None:
    group_id = options["replication_group_id"]
    api.write(
        "modify_replication_group",
        label,
        ReplicationGroupId=group_id,
        ApplyImmediately=True,
        **arguments,
    )
    # AWS takes the next change only when this one is done.
    await_available(api, group_id, options["wait_timeout"])


def ensure_absent(api: Api, plan: Plan, options: dict[str, Any]) -> None:
    """Delete the group, wait until it is gone, then delete its subnet group."""
    group_id, timeout = options["replication_group_id"], options["wait_timeout"]
    label = f"replication group {group_id}"
    group = find(api, group_id)
    if group is not None:
        plan.record(label, transform.facts_of(group), None)
        if group["Status"] != "deleting":
            if group["Status"] != "create-failed":
                await_available(api, group_id, timeout)
            snapshot = options["final_snapshot_id"]
            final = {"FinalSnapshotIdentifier": snapshot} if snapshot else {}
            api.write(
                "delete_replication_group",
                label,
                NOT_FOUND,
                ReplicationGroupId=group_id,
                RetainPrimaryCluster=False,
                **final,
            )
        if not api.check_mode:
            datastore.await_gone(label, lambda: status(api, group_id), timeout)
    datastore.remove_subnet_group(api, plan, "Cache", options["subnet_group"]["name"])
