# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Bring secrets to their state. No value ever enters the plan, an error or a result."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from .. import ownership, policies
from ..aws import AwsError, Dict, is_denied, tag_dict, wait_until
from ..reconcile import UNKNOWN, Api, Plan, missing_tags, tag_list
from .transform import AWS_KEY, Wish, policy

NO_SECRET = ("ResourceNotFoundException",)
LEFT_ALONE = "left as it is"
WANTED = "as wanted"
UNCOMPARED = "not compared"


@dataclass(frozen=True)
class Outcome:
    """What became of a secret. restored: its deletion was cancelled. rotated: it has another
    value than before, the old one is AWSPREVIOUS. uncompared: a plan by who may not read it.
    """

    arn: str
    restored: bool = False
    rotated: bool = False
    uncompared: bool = False


def find(api: Api, wish: Wish) -> Dict | None:
    """Return a secret's description, also of one that is scheduled for deletion."""
    return api.read("describe_secret", wish.label, NO_SECRET, SecretId=wish.name) or None


def refuse_others(api: Api, wishes: Iterable[Wish]) -> None:
    """Refuse secrets that are somebody else's, before the first is made.

    Raises:
        AwsError: one is.
    """
    for wish in wishes:
        if item := find(api, wish):
            ownership.refuse_others(wish.label, tag_dict(item.get("Tags")), wish.tags)


def ensure_present(api: Api, plan: Plan, wish: Wish, timeout: float) -> Outcome:
    """Make or repair one secret.

    A given value replaces one that differs. A generated one is made once, and
    again only by `rotate`, or where the secret has none.

    Raises:
        AwsError: it is somebody else's.
    """
    wanted = _wanted(wish)
    item = find(api, wish)
    if item is None:
        plan.record(wish.label, None, wanted)
        return Outcome(_create(api, wish, timeout))
    tags = tag_dict(item.get("Tags"))
    ownership.refuse_others(wish.label, tags, wish.tags)
    ending = "DeletedDate" in item
    if ending:
        api.write("restore_secret", wish.label, SecretId=wish.name)
    unreadable = ending and api.check_mode
    # Whether there is a value at all is known; only a given one must be compared.
    unknown = unreadable and bool(wish.value)
    value = "unknown until it is restored" if unknown else _value(api, wish, item)
    uncompared = value == UNCOMPARED
    current = {
        "description": item.get("Description", ""),
        "kms_key": item.get("KmsKeyId") or AWS_KEY,
        "value": WANTED if uncompared else value,
        "policy": wanted["policy"] if unreadable else _policy(api, wish),
        "tags": {key: tags[key] for key in wish.tags if key in tags},
        **({"scheduled_for_deletion": True} if ending else {}),
    }
    plan.record(wish.label, current, wanted)
    if not unreadable:
        _update(api, wish, current, wanted)
    return Outcome(str(item["ARN"]), ending, wish.rotate, uncompared)


def ensure_absent(api: Api, plan: Plan, wish: Wish, recovery_days: int) -> None:
    """Delete a secret, at once with `recovery_days` 0, else to be restored for so long.

    Raises:
        AwsError: it is not ours.
    """
    item = find(api, wish)
    if item is None or ("DeletedDate" in item and recovery_days):
        return
    ownership.require_ours(wish.label, tag_dict(item.get("Tags")), wish.tags)
    plan.record(wish.label, {"arn": item["ARN"]}, None)
    how: dict[str, Any] = {"RecoveryWindowInDays": recovery_days}
    if recovery_days == 0:
        how = {"ForceDeleteWithoutRecovery": True}
    api.write("delete_secret", wish.label, NO_SECRET, SecretId=wish.name, **how)


def is_stale(api: Api, wish: Wish, max_age_days: int) -> bool:
    """Return whether a generated value is older than so many days (0: never)."""
    if wish.value or not max_age_days:
        return False
    versions = api.pages(
        "list_secret_version_ids", "Versions", wish.label, NO_SECRET, SecretId=wish.name
    )
    since = datetime.now(UTC) - timedelta(days=max_age_days)
    return any(
        "AWSCURRENT" in version.get("VersionStages", ()) and version["CreatedDate"] < since
        for version in versions
    )


def _wanted(wish: Wish) -> Dict:
    return {
        "description": wish.description,
        "kms_key": wish.kms_key_arn or AWS_KEY,
        "value": WANTED,
        "policy": LEFT_ALONE if wish.readers is None else policy(wish.readers),
        "tags": {key: str(value) for key, value in wish.tags.items()},
    }


def _create(api: Api, wish: Wish, timeout: float) -> str:
    """Make the secret with its value in one call; a name that AWS still removes is awaited."""
    key = {"KmsKeyId": wish.kms_key_arn} if wish.kms_key_arn else {}
    made: list[str] = []

    def pending() -> str | None:
        try:
            answer = api.write(
                "create_secret",
                wish.label,
                Name=wish.name,
                Description=wish.description,
                SecretString=wish.new_value(),
                Tags=tag_list(wish.tags),
                **key,
            )
        except AwsError as error:
            if error.code == "InvalidRequestException" and "scheduled for deletion" in str(error):
                return "AWS is still deleting a secret with this name"
            raise
        made.append(str(answer.get("ARN", UNKNOWN)))
        return None

    wait_until(wish.label, pending, timeout=timeout, interval=5)
    if wish.readers:
        _put_policy(api, wish, policy(wish.readers))
    return made[0]


def _value(api: Api, wish: Wish, item: Dict) -> str:
    """Say how the value is, without saying it."""
    stages = [stage for found in item.get("VersionIdsToStages", {}).values() for stage in found]
    if "AWSCURRENT" not in stages:
        return "missing"
    if wish.rotate:
        return "to be rotated"
    if not wish.value:
        return WANTED
    try:
        answer = api.read("get_secret_value", wish.label, NO_SECRET, SecretId=wish.name)
    except AwsError as error:
        if api.check_mode and is_denied(error):
            return UNCOMPARED
        raise
    return WANTED if answer.get("SecretString") == wish.value else "another"


def _policy(api: Api, wish: Wish) -> Dict | str | None:
    """The resource policy, in our spelling where it means the same."""
    if wish.readers is None:
        return LEFT_ALONE
    answer = api.read("get_resource_policy", wish.label, NO_SECRET, SecretId=wish.name)
    current, wanted = policies.parse(answer.get("ResourcePolicy")), policy(wish.readers)
    return wanted if policies.same(current, wanted) else current


def _put_policy(api: Api, wish: Wish, document: Dict | None) -> None:
    if document is None:
        api.write("delete_resource_policy", wish.label, SecretId=wish.name)
        return
    api.write(
        "put_resource_policy",
        wish.label,
        SecretId=wish.name,
        ResourcePolicy=policies.text(document),
        BlockPublicPolicy=True,
    )


def _update(api: Api, wish: Wish, current: Dict, wanted: Dict) -> None:
    changes: dict[str, Any] = {}
    if current["description"] != wanted["description"]:
        changes["Description"] = wanted["description"]
    if current["kms_key"] != wanted["kms_key"]:
        changes["KmsKeyId"] = wanted["kms_key"]
    if current["value"] != wanted["value"]:
        changes["SecretString"] = wish.new_value()
    if changes:
        api.write("update_secret", wish.label, SecretId=wish.name, **changes)
    if current["policy"] != wanted["policy"]:
        _put_policy(api, wish, wanted["policy"])
    if missing := missing_tags(current["tags"], wanted["tags"]):
        api.write("tag_resource", wish.label, SecretId=wish.name, Tags=tag_list(missing))
