# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Between a DB instance as AWS describes it and the module's fields. Pure: no AWS call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..aws import tag_dict
from ..datastore import State, text_tags
from . import checks, versions
from .fields import FIELDS

# AWS wants a setting's companion beside it, though that stays as it is.
TOGETHER = {
    "monitoring_interval": "monitoring_role_arn",
    "iops": "allocated_storage",
    "storage_throughput": "iops",
}
STORAGE = ("StorageType", "AllocatedStorage", "Iops", "StorageThroughput")
# Tags of an instance whose master password is in a secret of ours: the secret's ARN, and which of
# its versions the server has.
SECRET_TAG, VERSION_TAG = "MasterPasswordSecret", "MasterPasswordVersion"
REMEDIES = {
    **FIELDS.remedies,
    "engine": "Give another identifier, because this module supports PostgreSQL only.",
    "subnet_group": (
        "Keep the name, because AWS can change the subnet group of an instance only to"
        " move it to another VPC."
    ),
    "allocated_storage": (
        "AWS never shrinks storage. Set it to at least the current size, or move"
        " the data to a new, smaller instance (pg_dump and pg_restore)."
    ),
}


def wanted_of(options: Mapping[str, Any]) -> State:
    """Return the state that an instance should have; options that are not given are left out."""
    state = FIELDS.wanted(options)
    if not state.get("monitoring_interval"):
        state.pop("monitoring_role_arn", None)
    if not state.get("performance_insights"):
        state.pop("performance_insights_retention_days", None)
    if "maintenance_window" in state:
        state["maintenance_window"] = state["maintenance_window"].lower()
    state["engine"] = "postgres"
    state["master_password_managed"] = not options.get("master_password_secret")
    state["engine_version"] = options["engine_version"]
    state["subnet_group"] = options["subnet_group"]["name"]
    state["parameter_group"] = options["parameter_group"]["name"]
    state["log_exports"] = sorted(options["log_exports"])
    state["security_group_ids"] = sorted(options["security_group_ids"])
    state["tags"] = text_tags(options["tags"])
    return state


def pending_of(instance: Mapping[str, Any]) -> dict[str, Any]:
    """Return what AWS has yet to apply, by its names; a password only as a fact."""
    pending = {
        key: value
        for key, value in (instance.get("PendingModifiedValues") or {}).items()
        if value not in (None, "", {}, [])
    }
    if "MasterUserPassword" in pending:
        pending["MasterUserPassword"] = "(a new one)"
    return pending


def state_of(instance: Mapping[str, Any], wanted: State) -> State:
    """Return an instance's state in the wanted state's fields; what is pending counts as done."""
    pending = pending_of(instance)
    seen = {**instance, **pending}
    state = FIELDS.current(seen, wanted)
    state["engine"] = seen.get("Engine")
    version, target = str(seen.get("EngineVersion", "")), wanted["engine_version"]
    state["engine_version"] = target if versions.satisfies(version, target) else version
    state["subnet_group"] = seen.get("DBSubnetGroup", {}).get("DBSubnetGroupName")
    state["parameter_group"] = _parameter_group(instance, wanted)
    state["master_password_managed"] = bool(seen.get("MasterUserSecret"))
    state["log_exports"] = _log_exports(seen)
    state["security_group_ids"] = sorted(
        group["VpcSecurityGroupId"] for group in seen.get("VpcSecurityGroups") or []
    )
    _forgive_growth(state, wanted)
    return state


def _parameter_group(instance: Mapping[str, Any], wanted: State) -> str | None:
    """Return the parameter group; one of a version that is pending changes with it."""
    groups = instance.get("DBParameterGroups") or [{}]
    now, then = str(instance.get("EngineVersion", "")), pending_of(instance).get("EngineVersion")
    if then and versions.major(str(then)) != versions.major(now):
        return str(wanted["parameter_group"])
    name: str | None = groups[0].get("DBParameterGroupName")
    return name


def _log_exports(seen: Mapping[str, Any]) -> list[str]:
    pending = seen.get("PendingCloudwatchLogsExports") or {}
    exports = set(seen.get("EnabledCloudwatchLogsExports") or [])
    exports |= set(pending.get("LogTypesToEnable") or [])
    return sorted(exports - set(pending.get("LogTypesToDisable") or []))


def _forgive_growth(state: State, wanted: State) -> None:
    """Take storage that grew by itself, up to the limit that was set for it, as wanted."""
    now = state.get("allocated_storage") or 0
    most = wanted.get("max_allocated_storage") or wanted.get("allocated_storage") or 0
    if wanted.get("allocated_storage", 0) < now <= most:
        state["allocated_storage"] = wanted["allocated_storage"]


def remedies_for(current: State, wanted: State) -> dict[str, str]:
    """Return the remedies of what cannot be changed; storage counts only when it would shrink."""
    remedies = dict(REMEDIES)
    if (current.get("allocated_storage") or 0) <= wanted.get("allocated_storage", 0):
        del remedies["allocated_storage"]
    return remedies


def create_arguments(wanted: State) -> dict[str, Any]:
    """Return the arguments of create_db_instance but identity, version, password and keys."""
    names = FIELDS.create
    arguments = {names[field]: value for field, value in wanted.items() if field in names}
    return {
        **arguments,
        "DBSubnetGroupName": wanted["subnet_group"],
        "DBParameterGroupName": wanted["parameter_group"],
        "VpcSecurityGroupIds": wanted["security_group_ids"],
        "EnableCloudwatchLogsExports": wanted["log_exports"],
    }


def modify_arguments(current: State, wanted: State, key: str | None = None) -> dict[str, Any]:
    """Return the arguments of modify_db_instance that repair the differences.

    Args:
        key: KMS key for what is turned on only now: Performance Insights, the managed password.
    """
    differing = {field for field in wanted if current.get(field) != wanted[field]}
    differing |= {TOGETHER[field] for field in differing if wanted.get(TOGETHER.get(field, ""))}
    names = {
        **FIELDS.modify,
        "parameter_group": "DBParameterGroupName",
        "security_group_ids": "VpcSecurityGroupIds",
        "engine_version": "EngineVersion",
        "master_password_managed": "ManageMasterUserPassword",
    }
    arguments = {names[field]: wanted[field] for field in sorted(differing) if field in names}
    if "log_exports" in differing:
        now, then = set(current["log_exports"]), set(wanted["log_exports"])
        arguments["CloudwatchLogsExportConfiguration"] = {
            "EnableLogTypes": sorted(then - now),
            "DisableLogTypes": sorted(now - then),
        }
    if key and arguments.get("EnablePerformanceInsights"):
        arguments["PerformanceInsightsKMSKeyId"] = key
    if key and arguments.get("ManageMasterUserPassword"):
        arguments["MasterUserSecretKmsKeyId"] = key
    if "EngineVersion" in arguments and versions.is_major_step(
        str(current["engine_version"]), wanted["engine_version"]
    ):
        arguments["AllowMajorVersionUpgrade"] = True
    return arguments


def with_storage(instance: Mapping[str, Any], arguments: dict[str, Any]) -> dict[str, Any]:
    """Return arguments of modify_db_instance with what AWS wants beside a change of storage.

    Of storage with IOPS of its own it takes size, IOPS and throughput together only, of other
    storage none but the size.
    """
    if not arguments.keys() & set(STORAGE):
        return arguments
    seen = {**instance, **pending_of(instance), **arguments}
    kind, size = seen.get("StorageType"), seen.get("AllocatedStorage") or 0
    if kind in checks.PROVISIONED:
        least = {"AllocatedStorage": 0, "Iops": 0}
    elif kind == "gp3" and size >= checks.GP3_STRIPED:
        least = {
            "AllocatedStorage": 0,
            "Iops": checks.GP3_IOPS[0],
            "StorageThroughput": checks.GP3_THROUGHPUT[0],
        }
    else:
        return arguments
    return {name: max(seen.get(name) or 0, low) for name, low in least.items()} | arguments


def facts_of(instance: Mapping[str, Any]) -> dict[str, Any]:
    """Return what others need to know of an instance."""
    endpoint = instance.get("Endpoint") or {}
    secret = instance.get("MasterUserSecret") or {}
    ours = tag_dict(instance.get("TagList")).get(SECRET_TAG)
    groups = instance.get("DBParameterGroups") or []
    return {
        "identifier": instance.get("DBInstanceIdentifier"),
        "arn": instance.get("DBInstanceArn"),
        "status": instance.get("DBInstanceStatus"),
        "endpoint": endpoint.get("Address"),
        "port": endpoint.get("Port"),
        "db_name": instance.get("DBName"),
        "engine_version": instance.get("EngineVersion"),
        "instance_class": instance.get("DBInstanceClass"),
        "multi_az": bool(instance.get("MultiAZ")),
        "allocated_storage": instance.get("AllocatedStorage"),
        "performance_insights": bool(instance.get("PerformanceInsightsEnabled")),
        "deletion_protection": bool(instance.get("DeletionProtection")),
        "master_username": instance.get("MasterUsername"),
        "master_secret_arn": secret.get("SecretArn") or ours,
        "master_secret_status": secret.get("SecretStatus"),
        "pending_modifications": pending_of(instance),
        "parameters_pending_reboot": any(
            group.get("ParameterApplyStatus") == "pending-reboot" for group in groups
        ),
    }


def notes_of(facts: Mapping[str, Any]) -> list[str]:
    """Return what an operator should know of an instance that is as wanted."""
    label, notes = f"db instance {facts['identifier']}", []
    if pending := facts["pending_modifications"]:
        listed = ", ".join(f"{key} {value}" for key, value in sorted(pending.items()))
        notes.append(
            f"{label}: AWS has yet to apply {listed}, which it does in the maintenance window. To"
            " apply it immediately, run with apply_immediately."
        )
    if facts["parameters_pending_reboot"]:
        notes.append(
            f"{label}: changed parameters take effect at the next reboot. To reboot it, run with"
            " reboot_if_pending."
        )
    return notes
