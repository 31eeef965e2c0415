# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""The log groups that RDS writes to: made before it does, so that retention and key are ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import datastore, ownership
from ..reconcile import Api, Plan, missing_tags

GONE = ("ResourceNotFoundException",)
THERE = ("ResourceAlreadyExistsException",)


def prefix_of(identifier: str) -> str:
    """Return with what the names of an instance's log groups begin."""
    return f"/aws/rds/instance/{identifier}/"


def found(logs: Api, identifier: str) -> dict[str, dict[str, Any]]:
    """Return an instance's log groups by name."""
    prefix = prefix_of(identifier)
    groups = logs.pages(
        "describe_log_groups", "logGroups", f"log groups {prefix}", logGroupNamePrefix=prefix
    )
    return {str(group["logGroupName"]): group for group in groups}


def ensure(
    logs: Api,
    plan: Plan,
    identifier: str,
    exports: list[str],
    options: Mapping[str, Any],
) -> None:
    """Make a log group for each exported log, and repair those that are there.

    Args:
        options: log_retention_days (0: for ever), log_kms_key_arn, tags.
    """
    groups = found(logs, identifier) if exports else {}
    for export in exports:
        name = prefix_of(identifier) + export
        wanted: datastore.State = {
            "retention_days": options["log_retention_days"],
            "kms_key_arn": options["log_kms_key_arn"] or "",
            "tags": datastore.text_tags(options["tags"]),
        }
        if name in groups:
            current = _state(logs, groups[name], wanted)
            plan.record(f"log group {name}", current, wanted)
            _repair(logs, name, _arn(groups[name]), current, wanted)
        else:
            plan.record(f"log group {name}", None, wanted)
            _make(logs, name, wanted)


def _arn(group: Mapping[str, Any]) -> str:
    return str(group["arn"]).removesuffix(":*")


def _tags(logs: Api, group: Mapping[str, Any]) -> dict[str, str]:
    label, arn = f"log group {group['logGroupName']}", _arn(group)
    tags: dict[str, str] = logs.read("list_tags_for_resource", label, GONE, resourceArn=arn).get(
        "tags", {}
    )
    return tags


def _state(logs: Api, group: Mapping[str, Any], wanted: datastore.State) -> datastore.State:
    tags = _tags(logs, group)
    ownership.refuse_claimed(f"log group {group['logGroupName']}", tags, wanted["tags"])
    return {
        "retention_days": group.get("retentionInDays", 0),
        "kms_key_arn": group.get("kmsKeyId", ""),
        "tags": {key: tags[key] for key in wanted["tags"] if key in tags},
    }


def _make(logs: Api, name: str, wanted: datastore.State) -> None:
    label = f"log group {name}"
    key = {"kmsKeyId": wanted["kms_key_arn"]} if wanted["kms_key_arn"] else {}
    logs.write("create_log_group", label, THERE, logGroupName=name, tags=wanted["tags"], **key)
    if days := wanted["retention_days"]:
        logs.write("put_retention_policy", label, logGroupName=name, retentionInDays=days)


def _repair(
    logs: Api, name: str, arn: str, current: datastore.State, wanted: datastore.State
) -> None:
    label = f"log group {name}"
    days, key = wanted["retention_days"], wanted["kms_key_arn"]
    if current["retention_days"] != days and days:
        logs.write("put_retention_policy", label, logGroupName=name, retentionInDays=days)
    elif current["retention_days"] != days:
        logs.write("delete_retention_policy", label, logGroupName=name)
    if current["kms_key_arn"] != key and key:
        logs.write("associate_kms_key", label, logGroupName=name, kmsKeyId=key)
    elif current["kms_key_arn"] != key:
        logs.write("disassociate_kms_key", label, logGroupName=name)
    if missing := missing_tags(current["tags"], wanted["tags"]):
        logs.write("tag_resource", label, resourceArn=arn, tags=missing)


def remove(logs: Api, plan: Plan, identifier: str, tags: Mapping[str, Any]) -> None:
    """Delete an instance's log groups, and those that its last lines have made again.

    Args:
        tags: those that say whose they are; without any RDS has made them.
    """
    for _ in range(2):
        for name, group in sorted(found(logs, identifier).items()):
            ownership.refuse_claimed(f"log group {name}", _tags(logs, group), tags)
            plan.record(f"log group {name}", {"name": name}, None)
            logs.write("delete_log_group", f"log group {name}", GONE, logGroupName=name)
        if logs.check_mode:
            return
