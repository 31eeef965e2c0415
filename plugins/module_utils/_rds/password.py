# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""The master password that RDS keeps in a secret: how often it changes, and now if asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import datastore
from ..aws import AwsError, wait_until
from ..reconcile import Api, Plan
from . import api as rds

RULES = {
    "rotated_every_days": "AutomaticallyAfterDays",
    "rotated_by_schedule": "ScheduleExpression",
    "rotated_within": "Duration",
}


def _schedule(options: Mapping[str, Any]) -> dict[str, Any]:
    """When AWS changes the password: by a schedule if there is one, else every so many days."""
    wanted: dict[str, Any] = {"rotated_every_days": options["master_password_rotation_days"]}
    if schedule := options.get("master_password_rotation_schedule"):
        wanted = {"rotated_by_schedule": schedule}
    if window := options.get("master_password_rotation_window"):
        wanted["rotated_within"] = window
    return wanted


def secret_of(instance: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what an instance tells of its secret; empty if there is none (yet)."""
    return dict((instance or {}).get("MasterUserSecret") or {})


def ensure(
    secrets: Api,
    api: Api,
    plan: Plan,
    identifier: str,
    options: Mapping[str, Any],
    *,
    new: bool,
) -> None:
    """Rotate the password every so many days, and at once if asked. Its value is never read.

    Args:
        new: whether this run makes the secret (in check mode there is none then).

    Raises:
        AwsError: RDS can't reach the secret or its key.
    """
    arn = secret_of(rds.find(api, identifier)).get("SecretArn")
    label = f"master password of db instance {identifier}"
    wanted = _schedule(options)
    current: dict[str, Any] = {}
    secret: dict[str, Any] = {}
    if arn:
        secret = secrets.read("describe_secret", label, SecretId=arn)
        rules = secret.get("RotationRules") or {}
        # Beside a schedule AWS also tells the days which it works out from it.
        other = "ScheduleExpression" in rules and "rotated_by_schedule" not in wanted
        current = {field: None if other else rules.get(RULES[field]) for field in wanted}
    now = {"rotated": "now"} if options["rotate_master_password"] and not new else {}
    plan.record(label, current if arn and not new else None, {**wanted, **now})
    if arn and current != wanted:
        secrets.write(
            "rotate_secret",
            label,
            SecretId=arn,
            RotateImmediately=False,
            RotationRules={RULES[field]: value for field, value in wanted.items()},
        )
    if now:
        datastore.write_when_free(
            api,
            label,
            "modify_db_instance",
            {
                "DBInstanceIdentifier": identifier,
                "RotateMasterUserPassword": True,
                "ApplyImmediately": True,
            },
            busy=rds.BUSY,
        )
        if arn and not api.check_mode:
            _await_another(secrets, label, arn, version_of(secret), options["wait_timeout"])
    if arn and not api.check_mode:
        _await_active(api, identifier, options["wait_timeout"])


def version_of(secret: Mapping[str, Any]) -> str | None:
    """Return which version of a secret holds, of how AWS describes it."""
    versions = secret.get("VersionIdsToStages") or {}
    return next((name for name, stages in versions.items() if "AWSCURRENT" in stages), None)


def _await_another(secrets: Api, label: str, arn: str, before: str | None, timeout: float) -> None:
    """Wait until the secret holds another version: until then RDS calls the old one active."""

    def pending() -> str | None:
        now = version_of(secrets.read("describe_secret", label, SecretId=arn))
        return "it still has the old password" if now == before else None

    wait_until(f"rotation of the {label}", pending, timeout=timeout)


def _await_active(api: Api, identifier: str, timeout: float) -> None:
    """Wait until the secret holds the password that the server takes."""

    def pending() -> str | None:
        status = secret_of(rds.find(api, identifier)).get("SecretStatus", "gone")
        if status == "impaired":
            raise AwsError(
                f"The master password's secret of db instance {identifier} is impaired, because"
                " RDS cannot access it or its KMS key. Allow RDS to use the key again, then rotate"
                " the password (rotate_master_password)."
            )
        return None if status == "active" else f"status {status}"

    wait_until(f"master password of db instance {identifier}", pending, timeout=timeout)
