"""Automated backups of RDS, which AWS lists and keeps, and ministack does not know."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any
from xml.sax.saxutils import escape

from rehearsal.aws.wire.query import Action, Parameters, Response, one


def adjust(rds: Any) -> None:
    """Answer DescribeDBInstanceAutomatedBackups. rds: ministack's module."""
    actions: dict[str, Action] = rds._ACTION_MAP
    retained: dict[str, Mapping[str, Any]] = {}
    actions["DeleteDBInstance"] = functools.partial(
        keep_backups, rds, actions["DeleteDBInstance"], retained
    )
    actions["DescribeDBInstanceAutomatedBackups"] = functools.partial(describe, rds, retained)
    rds.reset = functools.partial(forget, rds.reset, retained)


def forget(reset: Callable[[], None], retained: dict[str, Mapping[str, Any]]) -> None:
    """An account that is emptied has no backups either."""
    retained.clear()
    reset()


def keep_backups(
    rds: Any, delete: Action, retained: dict[str, Mapping[str, Any]], parameters: Parameters
) -> Response:
    """AWS: backups outlive their instance when DeleteAutomatedBackups is false."""
    name = one(parameters, "DBInstanceIdentifier")
    instance = rds._resolve_instance(name)
    response = delete(parameters)
    if response[0] == 200 and one(parameters, "DeleteAutomatedBackups") == "false":
        retained[name] = instance
    return response


def describe(
    rds: Any, retained: Mapping[str, Mapping[str, Any]], parameters: Parameters
) -> Response:
    """AWS: an active backup for each instance with a retention, and the retained ones.

    A name without any is answered with an empty list.
    """
    wanted = one(parameters, "DBInstanceIdentifier")
    living = [item for item in rds._instances.values() if item.get("BackupRetentionPeriod")]
    listed = [("active", item) for item in living]
    listed += [("retained", item) for item in retained.values()]
    members = "".join(
        backup_xml(status, item)
        for status, item in listed
        if wanted in ("", item["DBInstanceIdentifier"])
    )
    response: Response = rds._xml(
        200,
        "DescribeDBInstanceAutomatedBackupsResponse",
        "<DescribeDBInstanceAutomatedBackupsResult><DBInstanceAutomatedBackups>"
        f"{members}</DBInstanceAutomatedBackups></DescribeDBInstanceAutomatedBackupsResult>",
    )
    return response


def backup_xml(status: str, instance: Mapping[str, Any]) -> str:
    """One DBInstanceAutomatedBackup."""
    fields = {
        "DBInstanceIdentifier": instance["DBInstanceIdentifier"],
        "DbiResourceId": instance.get("DbiResourceId", "db-UNKNOWN"),
        "DBInstanceArn": instance["DBInstanceArn"],
        "Status": status,
    }
    inner = "".join(f"<{key}>{escape(str(value))}</{key}>" for key, value in fields.items())
    return f"<DBInstanceAutomatedBackup>{inner}</DBInstanceAutomatedBackup>"
