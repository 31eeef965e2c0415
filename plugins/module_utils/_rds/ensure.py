# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Bring a PostgreSQL instance with its subnet and parameter groups to its state."""

from __future__ import annotations

from typing import Any

from ansible_collections.ragops.platform.plugins.module_utils import datastore
from ansible_collections.ragops.platform.plugins.module_utils._rds import transform
from ansible_collections.ragops.platform.plugins.module_utils.aws import AwsError
from ansible_collections.ragops.platform.plugins.module_utils.reconcile import (
    Api,
    Plan,
    tag_list,
)

GOOD = ("available", "storage-optimization", "storage-config-upgrade")
BAD = (
    "deleting",
    "failed",
    "inaccessible-encryption-credentials",
    "inaccessible-encryption-credentials-recoverable",
    "incompatible-network",
    "incompatible-option-group",
    "incompatible-parameters",
    "incompatible-restore",
    "restore-error",
    "storage-full",
)
NOT_FOUND = ("DBInstanceNotFound", "DBInstanceNotFoundFault")
NO_GROUP = ("DBParameterGroupNotFound", "DBParameterGroupNotFoundFault")
BATCH = 20
"""Parameters that AWS takes in one call."""


def find(api: Api, identifier: str) -> dict[str, Any] | None:
    """Return an instance as AWS describes it; None if there is none."""
    answer = api.read(
        "describe_db_instances",
        f"db instance {identifier}",
        NOT_FOUND,
        DBInstanceIdentifier=identifier,
    )
    instances: list[dict[str, Any]] = answer.get("DBInstances", [])
    return instances[0] if instances else None


def status(api: Api, identifier: str) -> str | None:
    """Return an instance's status; None if there is no such instance."""
    instance = find(api, identifier)
    return str(instance["DBInstanceStatus"]) if instance else None


def await_available(api: Api, identifier: str, timeout: float) -> None:
    """Wait until the instance takes connections and modifications."""
    if api.check_mode:
        return
    datastore.await_status(
        api,
        f"db instance {identifier}",
        lambda: status(api, identifier),
        source=(identifier, "db-instance"),
        good=GOOD,
        bad=BAD,
        timeout=timeout,
    )


def creatable_version(api: Api, wanted: str) -> str:
    """Return the newest version under `wanted` that AWS creates today."""
    offers = api.pages(
        "describe_db_engine_versions",
        "DBEngineVersions",
        "versions of PostgreSQL",
        Engine="postgres",
    )
    return transform.newest((str(offer["EngineVersion"]) for offer in offers), wanted)


def ensure_parameter_group(
    api: Api, plan: Plan, group: dict[str, Any], family: str, tags: dict[str, str]
) -> None:
    """Make a parameter group and set the given parameters; others keep their value."""
    name = group["name"]
    label = f"db parameter group {name}"
    values = {key: str(value) for key, value in group["parameters"].items()}
    wanted: datastore.State = {
        "family": family,
        "parameters": values,
        "tags": datastore.text_tags(tags),
    }
    answer = api.read("describe_db_parameter_groups", label, NO_GROUP, DBParameterGroupName=name)
    found: list[dict[str, Any]] = answer.get("DBParameterGroups", [])
    kinds: dict[str, str] = {}
    if not found:
        plan.record(label, None, wanted)
        api.write(
            "create_db_parameter_group",
            label,
            DBParameterGroupName=name,
            DBParameterGroupFamily=family,
            Description=f"Parameters of {name}",
            Tags=tag_list(wanted["tags"]),
        )
        current: dict[str, str] = {}
        if not api.check_mode:
            current, kinds = _parameters(api, label, name, values)
    else:
        current, kinds = _parameters(api, label, name, values)
        arn = found[0]["DBParameterGroupArn"]
        before: datastore.State = {
            "family": found[0]["DBParameterGroupFamily"],
            "parameters": current,
            "tags": datastore.read_tags(api, label, arn, tags),
        }
        remedy = "Give the group another name: AWS has one family per group."
        datastore.refuse_unchangeable(label, before, wanted, {"family": remedy})
        plan.record(label, before, wanted)
        datastore.write_tags(api, label, arn, before["tags"], wanted["tags"])
    _set_parameters(api, label, name, current, values, kinds)


def _parameters(
    api: Api, label: str, name: str, wanted: dict[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Return value and apply type (dynamic, static) of the wanted parameters."""
    listed = api.pages("describe_db_parameters", "Parameters", label, DBParameterGroupName=name)
    known = {item["ParameterName"]: item for item in listed if item["ParameterName"] in wanted}
    values = {
        key: str(item["ParameterValue"]) for key, item in known.items() if "ParameterValue" in item
    }
    return values, {key: str(item.get("ApplyType", "dynamic")) for key, item in known.items()}


def _set_parameters(
    api: Api,
    label: str,
    name: str,
    current: dict[str, str],
    wanted: dict[str, str],
    kinds: dict[str, str],
) -> None:
    changes = [
        {
            "ParameterName": key,
            "ParameterValue": value,
            # AWS refuses to apply a static one before the next reboot.
            "ApplyMethod": "pending-reboot" if kinds.get(key) == "static" else "immediate",
        }
        for key, value in sorted(wanted.items())
        if current.get(key) != value
    ]
    for start in range(0, len(changes), BATCH):
        api.write(
            "modify_db_parameter_group",
            label,
            DBParameterGroupName=name,
            Parameters=changes[start : start + BATCH],
        )


def ensure_present(api: Api, plan: Plan, options: dict[str, Any]) -> dict[str, Any]:
    """Make or modify the instance; return its facts.

    Without `wait` an instance that AWS is still at work on is left as it is:
    the call that waits compares it, and so sees what creation left undone.
    """
    identifier = options["identifier"]
    label = f"db instance {identifier}"
    wanted = transform.wanted_of(options)
    instance = find(api, identifier)
    if instance is not None and instance["DBInstanceStatus"] == "deleting":
        raise AwsError(f"{label} is being deleted. Wait until it is gone, then run again.")
    version = creatable_version(api, options["engine_version"]) if instance is None else ""
    if instance is not None:
        _refuse(label, instance, wanted)
    family = f"postgres{options['engine_version'].split('.')[0]}"
    datastore.ensure_subnet_group(api, plan, "DB", options["subnet_group"], options["tags"])
    ensure_parameter_group(api, plan, options["parameter_group"], family, options["tags"])
    if instance is None:
        plan.record(label, None, {**wanted, "engine_version": version})
        _create(api, label, version, wanted, options)
    elif instance["DBInstanceStatus"] in GOOD or options["wait"]:
        await_available(api, identifier, options["wait_timeout"])
        _modify(api, plan, label, wanted, options)
    if options["wait"]:
        await_available(api, identifier, options["wait_timeout"])
        _verify_multi_az(api, label, options)
    unmade = {"DBInstanceIdentifier": identifier, "DBInstanceStatus": "to be created"}
    return transform.facts_of(find(api, identifier) or unmade)


def _refuse(label: str, instance: dict[str, Any], wanted: datastore.State) -> None:
    current = transform.state_of(instance, wanted)
    same_major = (
        str(instance["EngineVersion"]).split(".")[0] == wanted["engine_version"].split(".")[0]
    )
    if same_major:
        current["engine_version"] = wanted["engine_version"]
    datastore.refuse_unchangeable(label, current, wanted, transform.REMEDIES)


def _create(
    api: Api, label: str, version: str, wanted: datastore.State, options: dict[str, Any]
) -> None:
    secret_key = {}
    if options["kms_key_arn"]:
        secret_key = {"MasterUserSecretKmsKeyId": options["kms_key_arn"]}
    api.write(
        "create_db_instance",
        label,
        DBInstanceIdentifier=options["identifier"],
        Engine="postgres",
        EngineVersion=version,
        ManageMasterUserPassword=True,
        Tags=tag_list(wanted["tags"]),
        **transform.create_arguments(wanted),
        **secret_key,
    )


def _modify(
    api: Api, plan: Plan, label: str, wanted: datastore.State, options: dict[str, Any]
) -> None:
    instance = find(api, options["identifier"])
    if instance is None:
        raise AwsError(f"{label} vanished while it was waited for. Run again.")
    current = transform.state_of(instance, wanted)
    arn = instance["DBInstanceArn"]
    current["tags"] = datastore.read_tags(api, label, arn, wanted["tags"])
    plan.record(label, current, wanted)
    if arguments := transform.modify_arguments(current, wanted):
        api.write(
            "modify_db_instance",
            label,
            DBInstanceIdentifier=options["identifier"],
            ApplyImmediately=options["apply_immediately"],
            **arguments,
        )
    datastore.write_tags(api, label, arn, current["tags"], wanted["tags"])


def _verify_multi_az(api: Api, label: str, options: dict[str, Any]) -> None:
    """Read back what AWS has been seen to drop without a word."""
    instance = find(api, options["identifier"]) or {}
    seen = {**instance, **(instance.get("PendingModifiedValues") or {})}
    if not api.check_mode and options["multi_az"] and not seen.get("MultiAZ"):
        raise AwsError(
            f"{label} was asked to be Multi-AZ, and AWS made it single-AZ without an error. Run "
            "again to have it converted; if it stays so, the class or the zones do not allow it."
        )


def ensure_absent(api: Api, plan: Plan, options: dict[str, Any]) -> None:
    """Delete the instance, wait until it is gone, then delete its groups.

    Raises:
        AwsError: deletion protection is on and `deletion_protection` does not turn it off.
    """
    identifier = options["identifier"]
    label = f"db instance {identifier}"
    instance = find(api, identifier)
    if instance is not None:
        plan.record(label, transform.facts_of(instance), None)
        if instance["DBInstanceStatus"] != "deleting":
            _delete(api, label, instance, options)
        if not api.check_mode:
            timeout = options["wait_timeout"]
            datastore.await_gone(label, lambda: status(api, identifier), timeout)
    group = options["parameter_group"]["name"]
    group_label = f"db parameter group {group}"
    listed = api.read(
        "describe_db_parameter_groups", group_label, NO_GROUP, DBParameterGroupName=group
    )
    if listed.get("DBParameterGroups"):
        plan.record(group_label, {"name": group}, None)
        api.write("delete_db_parameter_group", group_label, NO_GROUP, DBParameterGroupName=group)
    datastore.remove_subnet_group(api, plan, "DB", options["subnet_group"]["name"])


def _delete(api: Api, label: str, instance: dict[str, Any], options: dict[str, Any]) -> None:
    identifier = options["identifier"]
    if instance.get("DeletionProtection"):
        if options["deletion_protection"]:
            raise AwsError(
                f"{label} is protected from deletion. Say so deliberately: run with "
                "rds_deletion_protection: false."
            )
        api.write(
            "modify_db_instance",
            label,
            DBInstanceIdentifier=identifier,
            DeletionProtection=False,
            ApplyImmediately=True,
        )
    snapshot = options["final_snapshot_id"]
    last: dict[str, Any] = {"SkipFinalSnapshot": True, "DeleteAutomatedBackups": True}
    if snapshot:
        last = {
            "SkipFinalSnapshot": False,
            "FinalDBSnapshotIdentifier": snapshot,
            "DeleteAutomatedBackups": False,
        }
    api.write("delete_db_instance", label, NOT_FOUND, DBInstanceIdentifier=identifier, **last)
