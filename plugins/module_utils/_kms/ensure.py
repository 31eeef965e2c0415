# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Bring a KMS key with an alias to its state."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .. import ownership, policies
from ..aws import AwsError
from ..reconcile import UNKNOWN, Api, Plan, missing_tags
from .find import ENDING, NOT_FOUND, describe, find, lost, resolve, tagged, tags_of

__all__ = ["Wish", "ensure_absent", "ensure_present", "find", "resolve"]

DEFAULT_POLICY = "AWS's default"


@dataclass(frozen=True)
class Wish:
    """What a key should be.

    policy: its document, None for AWS's default (which is then not looked at).
    rotation_days: days between rotations, 90 to 2560; 0 for none.
    """

    alias: str
    description: str
    policy: dict[str, Any] | None
    rotation_days: int
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """How plans and errors name the key."""
        return f"kms key {self.alias}"

    def state(self) -> dict[str, Any]:
        """The state of a key that is as wished, in the shape in which `_read` gives it."""
        return {
            "alias": self.alias,
            "description": self.description,
            "state": "Enabled",
            "rotation_days": self.rotation_days,
            "policy": self.policy or DEFAULT_POLICY,
            "tags": dict(self.tags),
        }


def ensure_present(api: Api, plan: Plan, wish: Wish) -> dict[str, Any]:
    """Make or repair the key and its alias.

    A key that lost its alias, or is ending since a destroy, is taken up again: a
    new one could not read what the old one encrypted.

    Returns:
        key_arn, key_id, alias, and `restored`: whether its deletion was cancelled.
    """
    target, key = _choose(api, wish)
    if key is None:
        plan.record(wish.label, None, wish.state())
        key = _create(api, wish)
        _update(api, key["KeyId"], {**wish.state(), "rotation_days": 0}, wish)
        _point_alias(api, wish, target, key["KeyId"])
        return _answer(key, wish, restored=False)
    plan.identify(wish.label, key["KeyId"])
    before = _read(api, key, wish)
    if target != key["KeyId"]:
        before["alias"] = f"{wish.alias} of key {target}" if target else None
    plan.record(wish.label, before, wish.state())
    _update(api, key["KeyId"], before, wish)
    _point_alias(api, wish, target, key["KeyId"])
    return _answer(key, wish, restored=key["KeyState"] in ENDING)


def ensure_absent(api: Api, plan: Plan, wish: Wish, window: int) -> None:
    """Remove the alias and schedule the deletion of the key, and of those a killed run left.

    Raises:
        AwsError: the key behind the alias is not ours.
    """
    behind = describe(api, wish.alias)
    if behind:
        current = tags_of(api, wish.label, behind["KeyId"])
        ownership.require_ours(wish.label, current, wish.tags)
    keys = {key["KeyId"]: key for key in tagged(api, wish.label, wish.tags)}
    if behind:
        keys[behind["KeyId"]] = behind
    for key_id, key in keys.items():
        has_alias = behind is not None and key_id == behind["KeyId"]
        if key["KeyState"] in ENDING and not has_alias:
            continue
        plan.record(
            wish.label if has_alias else f"kms key {key_id}",
            {"key_arn": key["Arn"], "state": key["KeyState"]},
            None,
        )
        plan.identify(wish.label if has_alias else f"kms key {key_id}", key_id)
        # The deletion first: a run killed in between still finds the key by its alias.
        if key["KeyState"] not in ENDING:
            api.write("schedule_key_deletion", wish.label, KeyId=key_id, PendingWindowInDays=window)
    if behind:
        api.write("delete_alias", wish.label, NOT_FOUND, AliasName=wish.alias)


def _choose(api: Api, wish: Wish) -> tuple[str | None, dict[str, Any] | None]:
    """Return the id of the key that the alias names now, and the key that it should name.

    Raises:
        AwsError: the alias names somebody else's key, and we have none.
    """
    behind = describe(api, wish.alias)
    target = behind["KeyId"] if behind else None
    current = tags_of(api, wish.label, target) if target else {}
    if behind and ownership.is_ours(current, wish.tags) and behind["KeyState"] not in ENDING:
        return target, behind
    mine = lost(api, wish.label, wish.tags)
    if mine is None and behind:
        # An alias has no tags: who made it is not known, and who made its key is.
        ownership.refuse_others(wish.label, current, wish.tags)
        return target, behind
    return target, mine


def _answer(key: dict[str, Any], wish: Wish, *, restored: bool) -> dict[str, Any]:
    return {
        "key_arn": key["Arn"],
        "key_id": key["KeyId"],
        "alias": wish.alias,
        "restored": restored,
    }


def _create(api: Api, wish: Wish) -> dict[str, Any]:
    arguments: dict[str, Any] = {"Description": wish.description, "Tags": _tags(wish.tags)}
    if wish.policy:
        arguments["Policy"] = policies.text(wish.policy)

    def there() -> dict[str, Any] | None:
        key = lost(api, wish.label, wish.tags)
        return {"KeyMetadata": key} if key else None

    answer = api.create("create_key", wish.label, there, **arguments)
    made: dict[str, Any] = answer.get("KeyMetadata", {"KeyId": UNKNOWN, "Arn": UNKNOWN})
    return made


def _point_alias(api: Api, wish: Wish, target: str | None, key_id: str) -> None:
    """Make the alias, or move it from another key (`target`)."""
    where = {"AliasName": wish.alias, "TargetKeyId": key_id}
    if target is None:
        # Another key's alias is not what is looked for: AWS says so when it is asked again.
        api.create("create_alias", wish.label, lambda: _behind(api, wish, key_id), **where)
    elif target != key_id:
        api.write("update_alias", wish.label, **where)


def _behind(api: Api, wish: Wish, key_id: str) -> dict[str, Any] | None:
    key = describe(api, wish.alias)
    return key if key and key["KeyId"] == key_id else None


def _read(api: Api, key: dict[str, Any], wish: Wish) -> dict[str, Any]:
    key_id = key["KeyId"]
    current = tags_of(api, wish.label, key_id)
    return {
        "alias": wish.alias,
        "description": key.get("Description", ""),
        "state": key["KeyState"],
        "rotation_days": _rotation_days(api, wish, key_id),
        "policy": _policy(api, wish, key_id),
        "tags": {name: current[name] for name in wish.tags if name in current},
    }


def _rotation_days(api: Api, wish: Wish, key_id: str) -> int:
    answer = api.read("get_key_rotation_status", wish.label, KeyId=key_id)
    if not answer.get("KeyRotationEnabled"):
        return 0
    return int(answer.get("RotationPeriodInDays", 365))


def _policy(api: Api, wish: Wish, key_id: str) -> dict[str, Any] | str | None:
    """The key's policy, in our spelling where it means the same."""
    if not wish.policy:
        return DEFAULT_POLICY
    answer = api.read("get_key_policy", wish.label, KeyId=key_id, PolicyName="default")
    current = policies.parse(answer.get("Policy"))
    return wish.policy if policies.same(current, wish.policy) else current


def _update(api: Api, key_id: str, before: dict[str, Any], wish: Wish) -> None:
    """Send what differs. A key can only be changed once it is enabled."""
    label, wanted = wish.label, wish.state()
    if before["state"] in ENDING:
        api.write("cancel_key_deletion", label, KeyId=key_id)
    if before["state"] != "Enabled":
        _refuse_unusable(label, before["state"])
        api.write("enable_key", label, KeyId=key_id)
    if before["description"] != wanted["description"]:
        api.write("update_key_description", label, KeyId=key_id, Description=wish.description)
    if before["rotation_days"] != wanted["rotation_days"]:
        _rotate(api, label, key_id, wish.rotation_days)
    if before["policy"] != wanted["policy"]:
        api.write(
            "put_key_policy",
            label,
            KeyId=key_id,
            PolicyName="default",
            Policy=policies.text(wanted["policy"]),
        )
    if missing := missing_tags(before["tags"], wanted["tags"]):
        api.write("tag_resource", label, KeyId=key_id, Tags=_tags(missing))


def _refuse_unusable(label: str, state: str) -> None:
    if state not in ("Disabled", *ENDING):
        raise AwsError(
            f"{label} is in state {state}, which only its owner can change. Make the key usable"
            " again, or remove its alias, and run again."
        )


def _rotate(api: Api, label: str, key_id: str, days: int) -> None:
    if days:
        api.write("enable_key_rotation", label, KeyId=key_id, RotationPeriodInDays=days)
    else:
        api.write("disable_key_rotation", label, KeyId=key_id)


def _tags(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"TagKey": key, "TagValue": str(value)} for key, value in tags.items()]
