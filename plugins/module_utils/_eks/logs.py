# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""The log group of a control plane: made before EKS does, gone for good after it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from .. import ownership
from ..aws import AwsError, wait_until
from ..reconcile import Api, Plan, missing_tags

GONE = ("ResourceNotFoundException",)
# Made since it was looked for: by EKS, whose group is then repaired like any other.
THERE = ("ResourceAlreadyExistsException",)
# How CloudWatch says that it may not use a key.
KEY_REFUSED = ("InvalidParameterException", "AccessDeniedException")


def name_of(cluster: str) -> str:
    """The only name to which EKS writes."""
    return f"/aws/eks/{cluster}/cluster"


def find(api: Api, name: str) -> dict[str, Any] | None:
    """The group as AWS describes it, with its tags; None without one."""
    label = f"log group {name}"
    found = api.pages("describe_log_groups", "logGroups", label, logGroupNamePrefix=name)
    for group in found:
        if group["logGroupName"] == name:
            arn = group["arn"].removesuffix(":*")
            answer = api.read("list_tags_for_resource", label, GONE, resourceArn=arn)
            return {**group, "arn": arn, "tags": answer.get("tags", {})}
    return None


def ensure_present(api: Api, plan: Plan, name: str, wanted: Mapping[str, Any]) -> None:
    """Make the group or repair the one that is there.

    wanted: retention_days (0: for ever), kms_key_arn (None: as it is), tags.
    """
    label = f"log group {name}"
    tags = {key: str(value) for key, value in wanted["tags"].items()}
    key = wanted["kms_key_arn"] or None
    found = find(api, name)
    if found is None:
        shape = {"retention_days": wanted["retention_days"], "kms_key_arn": key, "tags": tags}
        plan.record(label, None, shape)
        try:
            _create(api, name, key, tags)
        except AwsError as error:
            if error.code not in THERE:
                raise
            ensure_present(api, Plan(), name, wanted)
        else:
            _retain(api, name, wanted["retention_days"])
        return
    ownership.refuse_claimed(label, found["tags"], tags)
    before = {
        "retention_days": found.get("retentionInDays", 0),
        "kms_key_arn": found.get("kmsKeyId"),
        "tags": {name_: found["tags"][name_] for name_ in tags if name_ in found["tags"]},
    }
    after = {**before, "retention_days": wanted["retention_days"], "tags": tags}
    after["kms_key_arn"] = key or before["kms_key_arn"]
    plan.record(label, before, after)
    if before["retention_days"] != after["retention_days"]:
        _retain(api, name, after["retention_days"])
    if before["kms_key_arn"] != after["kms_key_arn"]:
        _with_key(api, "associate_kms_key", name, logGroupName=name, kmsKeyId=key)
    if missing := missing_tags(before["tags"], tags):
        api.write("tag_resource", label, resourceArn=found["arn"], tags=missing)


def _create(api: Api, name: str, key: str | None, tags: Mapping[str, str]) -> None:
    encryption = {"kmsKeyId": key} if key else {}
    arguments = {"logGroupName": name, "tags": dict(tags), **encryption}
    _with_key(api, "create_log_group", name, **arguments)


def _with_key(api: Api, operation: str, name: str, **more: Any) -> None:
    """A call that names a key. CloudWatch does not say what the key's policy lacks; this does."""
    try:
        api.write(operation, f"log group {name}", **more)
    except AwsError as error:
        if error.code not in KEY_REFUSED or not more.get("kmsKeyId"):
            raise
        region = api.client.meta.region_name
        raise AwsError(
            f"{error} CloudWatch must be allowed to use {more['kmsKeyId']}: in its key policy, let "
            f"the service logs.{region}.amazonaws.com encrypt, decrypt and describe for this group "
            "(role kms does, by kms_log_groups).",
            code=error.code,
            action=error.action,
        ) from error


def _retain(api: Api, name: str, days: int) -> None:
    label = f"log group {name}"
    if days:
        api.write("put_retention_policy", label, logGroupName=name, retentionInDays=days)
    else:
        api.write("delete_retention_policy", label, GONE, logGroupName=name)


def ensure_absent(api: Api, plan: Plan, name: str, watch: float, tags: Mapping[str, str]) -> None:
    """Delete the group, and again whenever it comes back.

    The last lines of a control plane that ends make it anew, without retention or owner.
    watch: seconds for which it is looked for once it was there; one look at least.
    tags: those that say whose it is.
    """
    label = f"log group {name}"
    found = find(api, name)
    if found is None:
        return
    ownership.refuse_claimed(label, found["tags"], tags)
    plan.record(label, {"retention_days": found.get("retentionInDays", 0)}, None)
    api.write("delete_log_group", label, GONE, logGroupName=name)
    if api.check_mode:
        return
    end = time.monotonic() + watch

    def probe() -> str | None:
        if find(api, name):
            api.write("delete_log_group", label, GONE, logGroupName=name)
        return None if time.monotonic() >= end else "being watched"

    wait_until(label, probe, timeout=watch + 60, interval=5)
