"""What AWS refuses, resolves and puts off when a DB instance is changed or removed.

ministack takes each change as it comes.
"""

from __future__ import annotations

import functools
from typing import Any

from rehearsal.aws.rds.service import CREATABLE, error, major
from rehearsal.aws.wire.query import Action, Parameters, Response, one

# What the description calls otherwise than the argument, or ministack doesn't modify at all.
SETTINGS = {
    "AutoMinorVersionUpgrade": "AutoMinorVersionUpgrade",
    "EnablePerformanceInsights": "PerformanceInsightsEnabled",
    "PerformanceInsightsRetentionPeriod": "PerformanceInsightsRetentionPeriod",
    "PerformanceInsightsKMSKeyId": "PerformanceInsightsKMSKeyId",
    "CACertificateIdentifier": "CACertificateIdentifier",
    "StorageThroughput": "StorageThroughput",
}
# AWS applies these at once, whatever ApplyImmediately says (with the settings above and those
# that ministack itself treats so).
AT_ONCE = ("BackupRetentionPeriod", "IAMDatabaseAuthenticationEnabled")
CLASSES = (
    "db.t3.micro", "db.t3.small", "db.t3.medium", "db.t4g.micro", "db.t4g.small", "db.t4g.medium",
    "db.m6g.large", "db.r6g.large",
)  # fmt: skip
STORAGE = ("gp2", "gp3", "io1", "io2")
VOLUME, STRIPED = ("AllocatedStorage", "Iops", "StorageThroughput"), 400
"""What AWS takes together only, of volumes with IOPS of their own: io1, io2, and gp3 from so many
GiB on."""
STOPPED = ("stopped", "stopping")
"""Of a server that does not run AWS makes no snapshot, and takes no change."""


def adjust(rds: Any) -> None:
    """Put our functions in the places of ministack's. rds: its module, after rds.adjust."""
    actions: dict[str, Action] = rds._ACTION_MAP
    for name, function in (
        ("CreateDBInstance", keep_settings),
        ("ModifyDBInstance", modify_as_told),
        ("DeleteDBInstance", refuse_taken_snapshot),
        ("ModifyDBParameterGroup", await_reboot),
        ("ResetDBParameterGroup", await_reboot),
        ("RebootDBInstance", apply_parameters),
        ("DeleteDBParameterGroup", refuse_used_group),
        ("DeleteDBSubnetGroup", refuse_used_subnets),
    ):
        actions[name] = functools.partial(function, rds, actions[name])
    actions["DescribeOrderableDBInstanceOptions"] = functools.partial(
        offers, rds, actions["DescribeOrderableDBInstanceOptions"]
    )


def value_of(text: str) -> Any:
    """A setting's value as ministack keeps it."""
    if text in ("true", "false"):
        return text == "true"
    return int(text) if text.isdigit() else text


def keep_settings(rds: Any, create: Action, parameters: Parameters) -> Response:
    """AWS: an instance is made with the authority, insights and throughput that were asked for."""
    response = create(parameters)
    instance = rds._resolve_instance(one(parameters, "DBInstanceIdentifier"))
    if response[0] == 200 and instance:
        _keep(instance, parameters)
    return response


def _keep(instance: dict[str, Any], parameters: Parameters) -> None:
    for argument, field in SETTINGS.items():
        if text := one(parameters, argument):
            instance[field] = value_of(text)


def modify_as_told(rds: Any, modify: Action, parameters: Parameters) -> Response:
    """AWS: upgrades only along its paths, keeps all settings, and applies what was pending."""
    instance = rds._resolve_instance(one(parameters, "DBInstanceIdentifier"))
    if instance and instance["DBInstanceStatus"] in STOPPED:
        message = f"Instance {instance['DBInstanceIdentifier']} is not in available state."
        return error(rds, "InvalidDBInstanceState", message)
    if instance and (refusal := _refused_upgrade(rds, instance, parameters)):
        return refusal
    if instance and (refusal := _refused_storage(rds, instance, parameters)):
        return refusal
    before = dict((instance or {}).get("PendingModifiedValues") or {})
    groups = (instance or {}).get("DBParameterGroups")
    response = modify(parameters)
    if response[0] != 200 or not instance:
        return response
    _keep(instance, parameters)
    _settle(instance, before, at_once=one(parameters, "ApplyImmediately") == "true")
    if groups and instance["DBParameterGroups"] != groups:
        # A group that is exchanged takes effect with the next reboot, or with a new major version.
        upgraded = bool(one(parameters, "EngineVersion"))
        state = "in-sync" if upgraded else "pending-reboot"
        instance["DBParameterGroups"][0]["ParameterApplyStatus"] = state
    answer: Response = rds._single_instance_response(
        "ModifyDBInstanceResponse", "ModifyDBInstanceResult", instance
    )
    return answer


def _settle(instance: dict[str, Any], before: dict[str, Any], *, at_once: bool) -> None:
    """AWS: ApplyImmediately applies what was pending, too; some settings are never pending."""
    pending = {**before, **(instance.get("PendingModifiedValues") or {})}
    for field in list(pending):
        if at_once or field in AT_ONCE:
            instance[field] = pending.pop(field)
    instance["PendingModifiedValues"] = pending


def _refused_upgrade(rds: Any, instance: Any, parameters: Parameters) -> Response | None:
    current, asked = str(instance["EngineVersion"]), one(parameters, "EngineVersion")
    if not asked or instance["Engine"] != "postgres" or asked == current:
        return None
    known = [version for minors in CREATABLE.values() for version in minors]
    if asked not in known or _order(asked) < _order(current):
        return error(
            rds,
            "InvalidParameterCombination",
            f"Cannot upgrade postgres from {current} to {asked}",
        )
    if major(asked) != major(current) and one(parameters, "AllowMajorVersionUpgrade") != "true":
        return error(
            rds,
            "InvalidParameterCombination",
            "The AllowMajorVersionUpgrade flag must be present when upgrading to a new major "
            "version.",
        )
    return None


def _order(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]


def _refused_storage(rds: Any, instance: Any, parameters: Parameters) -> Response | None:
    asked = one(parameters, "AllocatedStorage")
    if asked and int(asked) < int(instance["AllocatedStorage"]):
        message = "Invalid storage size for engine name postgres and storage type: storage shrinks"
        return error(rds, "InvalidParameterCombination", message)
    if not any(one(parameters, name) for name in VOLUME):
        return None
    size = int(asked or instance["AllocatedStorage"])
    kind = one(parameters, "StorageType") or instance.get("StorageType")
    given = {name for name in VOLUME if one(parameters, name)}
    if kind == "gp3" and size < STRIPED:
        needed: set[str] = set()
        message = (
            "You can't specify IOPS or storage throughput for engine postgres and a storage size "
            f"less than {STRIPED}."
        )
        if given - {"AllocatedStorage"}:
            return error(rds, "InvalidParameterCombination", message)
    else:
        needed = set(VOLUME) if kind == "gp3" else {"AllocatedStorage", "Iops"}
    if kind != "gp2" and not needed <= given:
        message = (
            "You must specify both the storage size and iops when modifying the storage size or "
            "iops on a DB instance that has iops."
        )
        return error(rds, "InvalidParameterCombination", message)
    return None


def refuse_taken_snapshot(rds: Any, delete: Action, parameters: Parameters) -> Response:
    """AWS: a final snapshot needs a name, and one that is not taken, and a server that runs."""
    name = one(parameters, "FinalDBSnapshotIdentifier")
    instance = rds._resolve_instance(one(parameters, "DBInstanceIdentifier"))
    if one(parameters, "SkipFinalSnapshot") != "true":
        if instance and instance["DBInstanceStatus"] in STOPPED:
            message = (
                "Cannot create a snapshot because the database instance "
                f"{instance['DBInstanceIdentifier']} is not currently in the available state."
            )
            return error(rds, "InvalidDBInstanceState", message)
        if not name:
            message = "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified."
            return error(rds, "InvalidParameterCombination", message)
        if name in rds._snapshots:
            message = f"Cannot create the snapshot because one with the identifier {name} exists."
            return error(rds, "DBSnapshotAlreadyExists", message)
    return delete(parameters)


def users_of(rds: Any, group: str) -> list[dict[str, Any]]:
    """The instances that use a parameter group."""
    return [
        instance
        for instance in rds._instances.values()
        for used in instance.get("DBParameterGroups") or []
        if used["DBParameterGroupName"] == group
    ]


def await_reboot(rds: Any, change: Action, parameters: Parameters) -> Response:
    """AWS: a static parameter makes the group's instances pending-reboot."""
    response = change(parameters)
    methods = {one(parameters, key) for key in parameters if key.endswith(".ApplyMethod")}
    if response[0] == 200 and "pending-reboot" in methods:
        for instance in users_of(rds, one(parameters, "DBParameterGroupName")):
            instance["DBParameterGroups"][0]["ParameterApplyStatus"] = "pending-reboot"
    return response


def apply_parameters(rds: Any, reboot: Action, parameters: Parameters) -> Response:
    """AWS: a reboot brings the instance in sync with its parameter group."""
    response = reboot(parameters)
    instance = rds._resolve_instance(one(parameters, "DBInstanceIdentifier"))
    if response[0] == 200 and instance:
        for group in instance["DBParameterGroups"]:
            group["ParameterApplyStatus"] = "in-sync"
    return response


def refuse_used_group(rds: Any, delete: Action, parameters: Parameters) -> Response:
    """AWS: a parameter group stays while an instance uses it."""
    name = one(parameters, "DBParameterGroupName")
    if users_of(rds, name):
        message = f"One or more database instances are still members of parameter group {name}."
        return error(rds, "InvalidDBParameterGroupState", message)
    return delete(parameters)


def refuse_used_subnets(rds: Any, delete: Action, parameters: Parameters) -> Response:
    """AWS: a subnet group stays while an instance lies in it."""
    name = one(parameters, "DBSubnetGroupName")
    for instance in rds._instances.values():
        if instance["DBSubnetGroup"].get("DBSubnetGroupName") == name:
            message = f"Cannot delete the subnet group '{name}' because at least one database "
            message += f"instance: {instance['DBInstanceIdentifier']} is still using it."
            return error(rds, "InvalidDBSubnetGroupStateFault", message)
    return delete(parameters)


def offers(rds: Any, original: Action, parameters: Parameters) -> Response:
    """AWS: one item per class and kind of storage, of today's classes. ministack knows gp2 only."""
    if one(parameters, "Engine") != "postgres":
        return original(parameters)
    asked, version = one(parameters, "DBInstanceClass"), one(parameters, "EngineVersion")
    items = "".join(
        _offer(name, storage, version)
        for name in CLASSES
        for storage in STORAGE
        if asked in ("", name)
    )
    response: Response = rds._xml(
        200,
        "DescribeOrderableDBInstanceOptionsResponse",
        "<DescribeOrderableDBInstanceOptionsResult><OrderableDBInstanceOptions>"
        f"{items}</OrderableDBInstanceOptions></DescribeOrderableDBInstanceOptionsResult>",
    )
    return response


def _offer(name: str, storage: str, version: str) -> str:
    flags = (
        "MultiAZCapable", "SupportsStorageEncryption", "SupportsPerformanceInsights",
        "SupportsEnhancedMonitoring", "SupportsIAMDatabaseAuthentication",
        "SupportsStorageAutoscaling", "Vpc",
    )  # fmt: skip
    return (
        f"<OrderableDBInstanceOption><Engine>postgres</Engine><EngineVersion>{version}"
        f"</EngineVersion><DBInstanceClass>{name}</DBInstanceClass>"
        f"<StorageType>{storage}</StorageType>"
        + "".join(f"<{flag}>true</{flag}>" for flag in flags)
        + "</OrderableDBInstanceOption>"
    )
