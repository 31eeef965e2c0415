# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""A CloudWatch log group: made before a service writes into it, kept as wanted, removed."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .. import ownership
from ..aws import AwsError, Dict, wait_until
from ..reconcile import Api, Plan, missing_tags

GONE = ("ResourceNotFoundException",)
THERE = ("ResourceAlreadyExistsException",)
KEY_REFUSED = ("InvalidParameterException", "AccessDeniedException")
"""How CloudWatch says that it may not use a key."""
RETENTIONS = (
    0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653,
)  # fmt: skip
"""Days for which CloudWatch Logs keeps something; 0 for ever."""


@dataclass(frozen=True)
class Wanted:
    """How a log group shall be.

    Args:
        name: its name.
        retention_days: one of RETENTIONS.
        kms_key_arn: its key; "" for CloudWatch's own encryption, None for what it has.
        tags: tags to set; those of others stay.
        service_made: whether the service that writes into it makes it, too. Then a group that
            nobody tagged is taken up.
    """

    name: str
    retention_days: int
    kms_key_arn: str | None
    tags: Mapping[str, str]
    service_made: bool = True

    def state(self, current: Mapping[str, Any] | None = None) -> Dict:
        """Return the state that is wanted of a group, as a plan shows it."""
        kept = (current or {}).get("kms_key_arn") if self.kms_key_arn is None else None
        return {
            "retention_days": self.retention_days,
            "kms_key_arn": self.kms_key_arn or kept,
            "tags": dict(self.tags),
        }


def label_of(name: str) -> str:
    """Return how plans and errors call a log group."""
    return f"log group {name}"


def beginning(api: Api, prefix: str) -> list[Dict]:
    """Return the groups whose names begin so, as AWS describes them."""
    about = f"log groups {prefix}"
    return api.pages("describe_log_groups", "logGroups", about, logGroupNamePrefix=prefix)


def called(api: Api, name: str) -> list[Dict]:
    """Return the one group of this name, or none."""
    return [group for group in beginning(api, name) if group["logGroupName"] == name]


def ensure_present(api: Api, plan: Plan, wanted: Wanted) -> None:
    """Make the group, or repair the one that is there.

    Raises:
        AwsError: AWS refused, or the group is somebody else's (see `ownership`).
    """
    found = called(api, wanted.name)
    made, group = (False, found[0]) if found else _create(api, wanted)
    if made:
        plan.record(label_of(wanted.name), None, wanted.state())
    else:
        _repair(api, plan, group, wanted)


def ensure_absent(
    api: Api,
    plan: Plan,
    look: Callable[[], list[Dict]],
    tags: Mapping[str, str],
    *,
    service_made: bool = True,
    watch: float = 0.0,
) -> None:
    """Delete groups, and again those that the last lines of their service bring back.

    Args:
        look: returns the groups that are there.
        tags: those that say whose they are.
        service_made: whether their service makes them, too. Then groups that nobody tagged are
            deleted, and looked for at least once more.
        watch: seconds for which they are looked for, if there were any.

    Raises:
        AwsError: AWS refused, or a group is somebody else's (see `ownership`).
    """
    groups = look()
    _delete(api, plan, groups, tags, service_made)
    if not groups or api.check_mode or not service_made:
        return
    about = ", ".join(label_of(group["logGroupName"]) for group in groups)
    end = time.monotonic() + watch

    def probe() -> str | None:
        _delete(api, Plan(), look(), tags, service_made)
        return None if time.monotonic() >= end else "being watched"

    wait_until(about, probe, timeout=watch + 60, interval=5)


def _delete(
    api: Api, plan: Plan, groups: list[Dict], tags: Mapping[str, str], service_made: bool
) -> None:
    refuse = ownership.refuse_claimed if service_made else ownership.require_ours
    for group in groups:
        name = str(group["logGroupName"])
        refuse(label_of(name), _tags(api, group), tags)
        plan.record(label_of(name), {"retention_days": group.get("retentionInDays", 0)}, None)
        api.write("delete_log_group", label_of(name), GONE, logGroupName=name)


def _create(api: Api, wanted: Wanted) -> tuple[bool, Dict]:
    """Make the group; return whether there was none, else the one that CloudWatch lists late.

    It was made just before, or by its service since it was looked for.
    """

    def there() -> Dict | None:
        return next(iter(called(api, wanted.name)), None)

    key = {"kmsKeyId": wanted.kms_key_arn} if wanted.kms_key_arn else {}
    with _explaining(wanted.kms_key_arn):
        made, group = api.create_unless_there(
            "create_log_group",
            label_of(wanted.name),
            there,
            THERE,
            logGroupName=wanted.name,
            tags=dict(wanted.tags),
            **key,
        )
    if made and wanted.retention_days:
        _retain(api, wanted.name, wanted.retention_days)
    return made, group


def _repair(api: Api, plan: Plan, group: Dict, wanted: Wanted) -> None:
    label, seen = label_of(wanted.name), _tags(api, group)
    refuse = ownership.refuse_claimed if wanted.service_made else ownership.refuse_others
    refuse(label, seen, wanted.tags)
    current = {
        "retention_days": group.get("retentionInDays", 0),
        "kms_key_arn": group.get("kmsKeyId"),
        "tags": {key: seen[key] for key in wanted.tags if key in seen},
    }
    target = wanted.state(current)
    plan.record(label, current, target)
    if current["retention_days"] != target["retention_days"]:
        _retain(api, wanted.name, target["retention_days"])
    if current["kms_key_arn"] != target["kms_key_arn"]:
        _encrypt(api, wanted.name, target["kms_key_arn"])
    if missing := missing_tags(seen, wanted.tags):
        api.write("tag_resource", label, resourceArn=_arn(group), tags=missing)


def _retain(api: Api, name: str, days: int) -> None:
    if days:
        api.write("put_retention_policy", label_of(name), logGroupName=name, retentionInDays=days)
    else:
        api.write("delete_retention_policy", label_of(name), logGroupName=name)


def _encrypt(api: Api, name: str, key: str | None) -> None:
    if key:
        with _explaining(key):
            api.write("associate_kms_key", label_of(name), logGroupName=name, kmsKeyId=key)
    else:
        api.write("disassociate_kms_key", label_of(name), logGroupName=name)


@contextlib.contextmanager
def _explaining(key: str | None) -> Iterator[None]:
    """Explain a refusal to use a key: CloudWatch does not say what the key's policy lacks."""
    try:
        yield
    except AwsError as error:
        if error.code not in KEY_REFUSED or not key:
            raise
        region = key.split(":")[3]
        raise AwsError(
            f"{error} CloudWatch must be allowed to use {key}. In its key policy, allow the"
            f" service logs.{region}.amazonaws.com to encrypt, decrypt and describe for this group"
            " (role kms does this with kms_log_groups).",
            code=error.code,
            action=error.action,
        ) from error


def _arn(group: Mapping[str, Any]) -> str:
    return str(group["arn"]).removesuffix(":*")


def _tags(api: Api, group: Mapping[str, Any]) -> dict[str, str]:
    label = label_of(group["logGroupName"])
    answer = api.read("list_tags_for_resource", label, GONE, resourceArn=_arn(group))
    return dict(answer.get("tags", {}))
