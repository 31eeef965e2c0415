# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Between a DB instance as AWS describes it and the module's fields. Pure: no AWS call."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ansible_collections.ragops.platform.plugins.module_utils.aws import AwsError
from ansible_collections.ragops.platform.plugins.module_utils.datastore import (
    State,
    text_tags,
    version_satisfies,
)

# field -> parameter of create_db_instance and modify_db_instance, and of the description
CHANGEABLE = {
    "instance_class": "DBInstanceClass",
    "allocated_storage": "AllocatedStorage",
    "max_allocated_storage": "MaxAllocatedStorage",
    "storage_type": "StorageType",
    "multi_az": "MultiAZ",
    "backup_retention_days": "BackupRetentionPeriod",
    "backup_window": "PreferredBackupWindow",
    "maintenance_window": "PreferredMaintenanceWindow",
    "deletion_protection": "DeletionProtection",
    "publicly_accessible": "PubliclyAccessible",
    "auto_minor_version_upgrade": "AutoMinorVersionUpgrade",
    "copy_tags_to_snapshot": "CopyTagsToSnapshot",
}
IAM = ("iam_authentication", "EnableIAMDatabaseAuthentication")
FIXED = {
    "db_name": "DBName",
    "master_username": "MasterUsername",
    "storage_encrypted": "StorageEncrypted",
    "kms_key_arn": "KmsKeyId",
}
NEW_INSTANCE = "Restore a snapshot into a new instance, or destroy this one first."
REMEDIES = {
    "db_name": NEW_INSTANCE,
    "master_username": NEW_INSTANCE,
    "storage_encrypted": NEW_INSTANCE,
    "kms_key_arn": "Copy a snapshot under the other key and restore it into a new instance.",
    "subnet_group": "Keep the name: AWS moves an instance between VPCs only.",
    "engine_version": "Upgrade a major version by a blue/green deployment, or keep the major.",
}


def newest(available: Iterable[str], wanted: str) -> str:
    """Return the newest version that is the wanted one or lies under it.

    Raises:
        AwsError: AWS creates none; the text lists what it creates.
    """
    versions = list(available)
    fitting = [version for version in versions if version_satisfies(version, wanted)]
    if not fitting:
        listed = ", ".join(sorted(versions, key=_order)) or "nothing at all"
        raise AwsError(
            f"AWS creates no PostgreSQL {wanted} in this region any more. It offers {listed}: "
            "choose one of these, best by its major version alone."
        )
    return max(fitting, key=_order)


def _order(version: str) -> list[int]:
    return [int(part) if part.isdigit() else 0 for part in version.split(".")]


def wanted_of(options: dict[str, Any]) -> State:
    """Return the state that an instance should have; options that are not given are left out."""
    fields = (*CHANGEABLE, *FIXED, IAM[0])
    state = {field: options[field] for field in fields if options.get(field) is not None}
    state["publicly_accessible"] = False
    state["storage_encrypted"] = True
    state["copy_tags_to_snapshot"] = True
    state["engine_version"] = options["engine_version"]
    state["subnet_group"] = options["subnet_group"]["name"]
    state["parameter_group"] = options["parameter_group"]["name"]
    state["log_exports"] = sorted(options["log_exports"])
    state["security_group_ids"] = sorted(options["security_group_ids"])
    state["tags"] = text_tags(options["tags"])
    return state


def state_of(instance: dict[str, Any], wanted: State) -> State:
    """Return an instance's state in the wanted state's fields; what is pending counts as done."""
    seen = {**instance, **(instance.get("PendingModifiedValues") or {})}
    version = str(seen.get("EngineVersion", ""))
    names = {**CHANGEABLE, **FIXED}
    state = {field: seen.get(names[field]) for field in wanted if field in names}
    state["engine_version"] = (
        wanted["engine_version"]
        if version_satisfies(version, wanted["engine_version"])
        else version
    )
    state["subnet_group"] = seen.get("DBSubnetGroup", {}).get("DBSubnetGroupName")
    groups = seen.get("DBParameterGroups") or [{}]
    state["parameter_group"] = groups[0].get("DBParameterGroupName")
    state["log_exports"] = sorted(seen.get("EnabledCloudwatchLogsExports") or [])
    state["security_group_ids"] = sorted(
        group["VpcSecurityGroupId"] for group in seen.get("VpcSecurityGroups") or []
    )
    if IAM[0] in wanted:
        state[IAM[0]] = bool(seen.get("IAMDatabaseAuthenticationEnabled"))
    # Storage that grew by itself is not shrunk: AWS could not.
    if (state.get("allocated_storage") or 0) > wanted.get("allocated_storage", 0):
        state["allocated_storage"] = wanted.get("allocated_storage")
    return state


def create_arguments(wanted: State) -> dict[str, Any]:
    """Return the arguments of create_db_instance but identity, version and password."""
    names = {**CHANGEABLE, **FIXED, IAM[0]: IAM[1]}
    arguments = {names[field]: value for field, value in wanted.items() if field in names}
    return {
        **arguments,
        "DBSubnetGroupName": wanted["subnet_group"],
        "DBParameterGroupName": wanted["parameter_group"],
        "VpcSecurityGroupIds": wanted["security_group_ids"],
        "EnableCloudwatchLogsExports": wanted["log_exports"],
    }


def modify_arguments(current: State, wanted: State) -> dict[str, Any]:
    """Return the arguments of modify_db_instance that repair the differences."""
    differing = {field for field in wanted if current.get(field) != wanted[field]}
    names = {
        **CHANGEABLE,
        IAM[0]: IAM[1],
        "parameter_group": "DBParameterGroupName",
        "security_group_ids": "VpcSecurityGroupIds",
        "engine_version": "EngineVersion",
    }
    arguments = {names[field]: wanted[field] for field in sorted(differing) if field in names}
    if "log_exports" in differing:
        now, then = set(current["log_exports"]), set(wanted["log_exports"])
        arguments["CloudwatchLogsExportConfiguration"] = {
            "EnableLogTypes": sorted(then - now),
            "DisableLogTypes": sorted(now - then),
        }
    return arguments


def facts_of(instance: dict[str, Any]) -> dict[str, Any]:
    """Return what others need to know of an instance."""
    endpoint = instance.get("Endpoint") or {}
    return {
        "identifier": instance.get("DBInstanceIdentifier"),
        "arn": instance.get("DBInstanceArn"),
        "status": instance.get("DBInstanceStatus"),
        "endpoint": endpoint.get("Address"),
        "port": endpoint.get("Port"),
        "db_name": instance.get("DBName"),
        "engine_version": instance.get("EngineVersion"),
        "multi_az": bool(instance.get("MultiAZ")),
        "master_username": instance.get("MasterUsername"),
        "master_secret_arn": (instance.get("MasterUserSecret") or {}).get("SecretArn"),
    }
