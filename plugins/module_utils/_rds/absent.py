# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Remove a PostgreSQL instance and what belongs to it, in the order that AWS asks for."""

from __future__ import annotations

import re
from typing import Any

from .. import datastore, ownership
from ..aws import AwsError, tag_dict
from ..reconcile import Api, Plan
from ..resources import parameter_group, subnet_group
from . import api as rds
from . import logs, transform
from .ensure import Services, pattern_of

NAME_TAKEN = ("DBSnapshotAlreadyExists", "DBSnapshotAlreadyExistsFault")
NO_SNAPSHOT = ("failed", "incompatible-network", "incompatible-restore", "restore-error")
"""In these states AWS deletes an instance without a last snapshot only."""
STOPPED = ("stopped", "stopping")
"""By somebody's hand, so that it would be waited for in vain: AWS starts it after a week."""


def ensure_absent(services: Services, plan: Plan, options: dict[str, Any]) -> str | None:
    """Delete the instance, wait until it is gone, then delete its groups and logs.

    Returns the name of the last snapshot, if one was made (or would be, in check mode).

    Raises:
        AwsError: deletion protection is on and `deletion_protection` does not turn it off.
    """
    api, identifier = services.rds, options["identifier"]
    label, snapshot = f"db instance {identifier}", None
    instance = rds.find(api, identifier)
    if instance is not None:
        if instance["DBInstanceStatus"] != "deleting":
            _refuse(label, instance, options)
            snapshot = _delete(api, label, instance, options)
        plan.record(label, transform.facts_of(instance), None)
        if not api.check_mode:
            timeout = options["wait_timeout"]
            datastore.await_gone(label, lambda: rds.status(api, identifier), timeout)
    groups = parameter_group.listed(api, parameter_group.DB)
    name = options["parameter_group"]["name"]
    parameter_group.retire(
        api,
        plan,
        parameter_group.DB,
        groups,
        rf"{pattern_of(identifier)}|{re.escape(name)}",
        set(),
        options["tags"],
    )
    subnet_group.ensure_absent(api, plan, "DB", options["subnet_group"]["name"], options["tags"])
    logs.remove(services.logs, plan, identifier, options["tags"])
    return snapshot


def _refuse(label: str, instance: dict[str, Any], options: dict[str, Any]) -> None:
    ownership.require_ours(label, tag_dict(instance.get("TagList")), options["tags"])
    if instance.get("DeletionProtection") and options["deletion_protection"]:
        raise AwsError(
            f"{label} is protected against deletion. To delete it anyway, run with"
            " rds_deletion_protection: false."
        )
    state = instance["DBInstanceStatus"]
    if state in STOPPED and (options["final_snapshot_id"] or instance.get("DeletionProtection")):
        raise AwsError(
            f"{label} is {state}, so AWS can neither make a final snapshot nor change it. Start"
            " the instance (aws rds start-db-instance --db-instance-identifier"
            f" {options['identifier']}), wait until it is available, and run again."
        )
    if options["final_snapshot_id"] and state in NO_SNAPSHOT:
        raise AwsError(
            f"{label} is {state}, so AWS cannot make a final snapshot. If the automated backups"
            " are not needed either, run with rds_final_snapshot: false."
        )


def _delete(api: Api, label: str, instance: dict[str, Any], options: dict[str, Any]) -> str | None:
    which = {"DBInstanceIdentifier": options["identifier"]}
    timeout = options["wait_timeout"]
    if instance.get("DeletionProtection"):
        off = {**which, "DeletionProtection": False, "ApplyImmediately": True}
        datastore.write_when_free(
            api, label, "modify_db_instance", off, busy=rds.BUSY, timeout=timeout
        )

    def delete(**how: Any) -> None:
        datastore.write_when_free(
            api,
            label,
            "delete_db_instance",
            {**which, "DeleteAutomatedBackups": options["delete_automated_backups"], **how},
            busy=rds.BUSY,
            missing=rds.NOT_FOUND,
            timeout=timeout,
        )

    if not options["final_snapshot_id"]:
        delete(SkipFinalSnapshot=True)
        return None
    return datastore.with_free_name(
        options["final_snapshot_id"],
        NAME_TAKEN,
        lambda name: delete(SkipFinalSnapshot=False, FinalDBSnapshotIdentifier=name),
    )
