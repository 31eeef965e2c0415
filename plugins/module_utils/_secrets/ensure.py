# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Bring secrets to their state. No value ever enters the plan, an error or a result."""

from __future__ import annotations

import secrets
import string
from typing import Any

from ansible_collections.ragops.platform.plugins.module_utils.aws import tag_dict
from ansible_collections.ragops.platform.plugins.module_utils.reconcile import (
    UNKNOWN,
    Api,
    Plan,
    missing_tags,
    tag_list,
)

NO_SECRET = ("ResourceNotFoundException",)
# Letters and digits only: fit for ElastiCache's tokens and for URLs as they are.
ALPHABET = string.ascii_letters + string.digits


def generate(length: int) -> str:
    """Return a random text from the operating system's source."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def find(api: Api, name: str) -> dict[str, Any] | None:
    """Return a secret's description, also of one that is scheduled for deletion."""
    return api.read("describe_secret", f"secret {name}", NO_SECRET, SecretId=name) or None


def ensure_present(api: Api, plan: Plan, secret: dict[str, Any], options: dict[str, Any]) -> str:
    """Make or repair one secret; return its ARN.

    A given `value` replaces one that differs. A generated one is made once and
    never touched again.
    """
    name = secret["name"]
    label = f"secret {name}"
    wanted = {
        "description": secret["description"],
        "kms_key": options["kms_key_arn"] or "AWS's default",
        "value": "as wanted",
        "tags": {key: str(value) for key, value in options["tags"].items()},
    }
    item = find(api, name)
    if item is None:
        plan.record(label, None, wanted)
        return _create(api, label, secret, options)
    current_tags = tag_dict(item.get("Tags"))
    deleted = "DeletedDate" in item
    if deleted:
        api.write("restore_secret", label, SecretId=name)
    differs = _value_differs(api, label, secret, deleted)
    current = {
        "description": item.get("Description", ""),
        "kms_key": item.get("KmsKeyId") or "AWS's default",
        "value": "another" if differs else "as wanted",
        "tags": {key: current_tags[key] for key in options["tags"] if key in current_tags},
        **({"scheduled_for_deletion": True} if deleted else {}),
    }
    plan.record(label, current, wanted)
    _update(api, label, secret, current, wanted, options)
    return str(item["ARN"])


def ensure_absent(api: Api, plan: Plan, name: str, recovery_days: int) -> None:
    """Delete a secret, at once with `recovery_days` 0, else to be restored for so long."""
    item = find(api, name)
    if item is None or ("DeletedDate" in item and recovery_days):
        return
    plan.record(f"secret {name}", {"arn": item["ARN"]}, None)
    how: dict[str, Any] = {"RecoveryWindowInDays": recovery_days}
    if recovery_days == 0:
        how = {"ForceDeleteWithoutRecovery": True}
    api.write("delete_secret", f"secret {name}", NO_SECRET, SecretId=name, **how)


def value_of(secret: dict[str, Any]) -> str:
    """Return the value to store: the given one, or a new random one."""
    return str(secret["value"]) if secret.get("value") else generate(secret["generate_length"])


def _create(api: Api, label: str, secret: dict[str, Any], options: dict[str, Any]) -> str:
    key = {"KmsKeyId": options["kms_key_arn"]} if options["kms_key_arn"] else {}
    answer = api.write(
        "create_secret",
        label,
        Name=secret["name"],
        Description=secret["description"],
        SecretString=value_of(secret),
        Tags=tag_list(options["tags"]),
        **key,
    )
    return str(answer.get("ARN", UNKNOWN))


def _value_differs(api: Api, label: str, secret: dict[str, Any], deleted: bool) -> bool:
    if not secret.get("value"):
        return False
    if deleted and api.check_mode:
        return True
    missing = NO_SECRET
    answer = api.read("get_secret_value", label, missing, SecretId=secret["name"])
    return bool(answer.get("SecretString") != secret["value"])


def _update(
    api: Api,
    label: str,
    secret: dict[str, Any],
    current: dict[str, Any],
    wanted: dict[str, Any],
    options: dict[str, Any],
) -> None:
    changes: dict[str, Any] = {}
    if current["description"] != wanted["description"]:
        changes["Description"] = wanted["description"]
    if current["kms_key"] != wanted["kms_key"]:
        changes["KmsKeyId"] = options["kms_key_arn"] or "alias/aws/secretsmanager"
    if current["value"] != wanted["value"]:
        changes["SecretString"] = secret["value"]
    if changes:
        api.write("update_secret", label, SecretId=secret["name"], **changes)
    if missing := missing_tags(current["tags"], wanted["tags"]):
        api.write("tag_resource", label, SecretId=secret["name"], Tags=tag_list(missing))
