# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Bring a KMS key with an alias to its state."""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.ragops.platform.plugins.module_utils.aws import AwsError, wait_until
from ansible_collections.ragops.platform.plugins.module_utils.reconcile import (
    UNKNOWN,
    Api,
    Plan,
    missing_tags,
)

NOT_FOUND = ("NotFoundException",)


def find(api: Api, alias: str) -> dict[str, Any] | None:
    """Return the metadata of the usable key behind an alias; None if there is none."""
    answer = api.read("describe_key", alias, NOT_FOUND, KeyId=alias)
    key: dict[str, Any] | None = answer.get("KeyMetadata")
    return None if key is None or key["KeyState"] == "PendingDeletion" else key


def resolve(api: Api, key_id: str | None, timeout: float) -> str | None:
    """Return the ARN of a key given by id, ARN or alias; an alias is awaited.

    The role that makes the key may run beside the one that asks.

    Raises:
        AwsError: there is no such key after `timeout` seconds.
    """
    if not key_id or key_id.startswith("arn:"):
        return key_id or None
    found: list[str] = []

    def pending() -> str | None:
        key = find(api, key_id)
        if key is None:
            return "no such key; role kms makes it"
        found.append(str(key["Arn"]))
        return None

    if api.check_mode:
        return UNKNOWN if pending() else found[0]
    wait_until(f"KMS key {key_id}", pending, timeout=timeout, interval=3)
    return found[0]


def ensure_present(api: Api, plan: Plan, options: dict[str, Any]) -> dict[str, Any]:
    """Make or repair the key and its alias; return key_arn, key_id and alias."""
    alias = options["alias"]
    label = f"kms key {alias}"
    wanted = {
        "alias": alias,
        "description": options["description"],
        "enabled": True,
        "rotation": options["rotation"],
        "policy": json.loads(options["policy"]) if options["policy"] else "AWS's default",
        "tags": {key: str(value) for key, value in options["tags"].items()},
    }
    key = find(api, alias)
    known_as = alias if key else None
    before: dict[str, Any] | None = None
    if key is None:
        key = _adopt(api, label, options) or _create(api, label, options)
        _point_alias(api, label, alias, key["KeyId"])
    if key["KeyId"] != UNKNOWN and "Created" not in key:
        before = {"alias": known_as, **_read(api, label, key, options)}
        _update(api, label, key["KeyId"], before, wanted, options)
    elif options["rotation"]:
        api.write("enable_key_rotation", label, KeyId=key["KeyId"])
    plan.record(label, before, wanted)
    return {"key_arn": key["Arn"], "key_id": key["KeyId"], "alias": alias}


def ensure_absent(api: Api, plan: Plan, options: dict[str, Any]) -> None:
    """Remove the alias and schedule the key's deletion; what is scheduled stays so."""
    alias = options["alias"]
    answer = api.read("describe_key", alias, NOT_FOUND, KeyId=alias)
    if not answer:
        return
    key = answer["KeyMetadata"]
    label = f"kms key {alias}"
    plan.record(label, {"key_arn": key["Arn"], "state": key["KeyState"]}, None)
    # The deletion first: a run killed in between still finds the key by its alias.
    if key["KeyState"] != "PendingDeletion":
        api.write(
            "schedule_key_deletion",
            label,
            KeyId=key["KeyId"],
            PendingWindowInDays=options["deletion_window"],
        )
    api.write("delete_alias", label, NOT_FOUND, AliasName=alias)


def _create(api: Api, label: str, options: dict[str, Any]) -> dict[str, Any]:
    arguments: dict[str, Any] = {
        "Description": options["description"],
        "Tags": _tags(options["tags"]),
    }
    if options["policy"]:
        arguments["Policy"] = options["policy"]
    answer = api.write("create_key", label, **arguments)
    metadata = answer.get("KeyMetadata", {"KeyId": UNKNOWN, "Arn": UNKNOWN})
    return {**metadata, "Created": True}


def _adopt(api: Api, label: str, options: dict[str, Any]) -> dict[str, Any] | None:
    """Return a usable key with our tags but no alias, as a killed run leaves it."""
    wanted = {key: str(value) for key, value in options["tags"].items()}
    for item in api.pages("list_keys", "Keys", label):
        denied = ("AccessDeniedException", *NOT_FOUND)
        answer = api.read("list_resource_tags", label, denied, KeyId=item["KeyId"])
        tags = {tag["TagKey"]: tag["TagValue"] for tag in answer.get("Tags", [])}
        if wanted and wanted.items() <= tags.items():
            key: dict[str, Any] = api.read("describe_key", label, KeyId=item["KeyId"])[
                "KeyMetadata"
            ]
            if key["KeyState"] == "Enabled":
                return key
    return None


def _point_alias(api: Api, label: str, alias: str, key_id: str) -> None:
    """Make the alias, or move it from a key that is being deleted."""
    aliases = {item["AliasName"] for item in api.pages("list_aliases", "Aliases", label)}
    operation = "update_alias" if alias in aliases else "create_alias"
    api.write(operation, label, AliasName=alias, TargetKeyId=key_id)


def _read(api: Api, label: str, key: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
    key_id = key["KeyId"]
    tags = api.read("list_resource_tags", label, KeyId=key_id).get("Tags", [])
    current = {tag["TagKey"]: tag["TagValue"] for tag in tags}
    policy: Any = "AWS's default"
    if options["policy"]:
        policy = json.loads(
            api.read("get_key_policy", label, KeyId=key_id, PolicyName="default")["Policy"]
        )
    return {
        "description": key.get("Description", ""),
        "enabled": key["KeyState"] == "Enabled",
        "rotation": api.read("get_key_rotation_status", label, KeyId=key_id)["KeyRotationEnabled"],
        "policy": policy,
        "tags": {name: current[name] for name in options["tags"] if name in current},
    }


def _update(
    api: Api,
    label: str,
    key_id: str,
    before: dict[str, Any],
    wanted: dict[str, Any],
    options: dict[str, Any],
) -> None:
    if not before["enabled"]:
        api.write("enable_key", label, KeyId=key_id)
    if before["description"] != wanted["description"]:
        api.write("update_key_description", label, KeyId=key_id, Description=wanted["description"])
    if before["rotation"] != wanted["rotation"]:
        verb = "enable" if wanted["rotation"] else "disable"
        api.write(f"{verb}_key_rotation", label, KeyId=key_id)
    if before["policy"] != wanted["policy"]:
        api.write(
            "put_key_policy",
            label,
            KeyId=key_id,
            PolicyName="default",
            Policy=options["policy"],
        )
    if missing := missing_tags(before["tags"], wanted["tags"]):
        api.write("tag_resource", label, KeyId=key_id, Tags=_tags(missing))


def _tags(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"TagKey": key, "TagValue": str(value)} for key, value in tags.items()]


def check_policy(policy: str | None) -> None:
    """Refuse a key policy that anybody could use.

    Raises:
        AwsError: an Allow statement has the principal `*` and no condition.
    """
    for statement in json.loads(policy)["Statement"] if policy else []:
        principal = statement.get("Principal")
        values = principal.values() if isinstance(principal, dict) else [principal]
        if statement["Effect"] == "Allow" and "*" in values and not statement.get("Condition"):
            raise AwsError(
                f"The key policy's statement {statement.get('Sid', statement)} allows every "
                "principal: name an account, a role or a service, or add a condition."
            )
