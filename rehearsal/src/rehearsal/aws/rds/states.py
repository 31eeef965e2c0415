"""RDS is at work for a while on what it took: instances are creating, modifying, rebooting.

Meanwhile it takes no other change of the instance. How long that lasts is set as `at_work` says.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from rehearsal.aws import at_work
from rehearsal.aws.rds.service import error
from rehearsal.aws.wire.query import Action, Parameters, Response, one

# Arguments that PendingModifiedValues tell of until they are applied.
PENDING = (
    "AllocatedStorage", "CACertificateIdentifier", "DBInstanceClass", "EngineVersion", "Iops",
    "MasterUserPassword", "MultiAZ", "StorageThroughput", "StorageType",
)  # fmt: skip


def adjust(rds: Any, environment: Mapping[str, str]) -> None:
    """Put our functions in the places of ministack's. rds: its module."""
    pace = at_work.Pace.of(environment, "RDS")
    actions: dict[str, Action] = rds._ACTION_MAP
    for name, state in (
        ("CreateDBInstance", "creating"),
        ("ModifyDBInstance", "modifying"),
        ("RebootDBInstance", "rebooting"),
        ("DeleteDBInstance", ""),
    ):
        actions[name] = functools.partial(change, rds, actions[name], state, pace)
    rds._instance_xml = functools.partial(with_state, rds._instance_xml)
    actions["DescribeDBInstances"] = functools.partial(
        describe, rds, actions["DescribeDBInstances"]
    )


def change(
    rds: Any, action: Action, state: str, pace: at_work.Pace, parameters: Parameters
) -> Response:
    """Refuse a change of a busy instance; else be busy with it."""
    name = one(parameters, "DBInstanceIdentifier")
    instance = rds._resolve_instance(name)
    if instance and (doing := at_work.state_of(instance)):
        text = f"Database instance {name} is not in available state: {doing}."
        return error(rds, "InvalidDBInstanceState", text)
    before = {name: at_work.kept(instance)} if instance else {}
    response = action(parameters)
    instance = rds._resolve_instance(name)
    if response[0] == 200 and instance and state:
        pending = _pending(parameters) if before else {}
        instance[at_work.KEY] = pace.work(state, before, **pending)
    return response


def _pending(parameters: Parameters) -> dict[str, str]:
    if one(parameters, "ApplyImmediately") != "true":
        return {}
    given = {name: one(parameters, name) for name in PENDING if one(parameters, name)}
    return {name: "****" if "Password" in name else value for name, value in given.items()}


def with_state(original: Callable[[Any], str], instance: Mapping[str, Any]) -> str:
    """An instance as it is described while RDS is at work on it."""
    name = instance["DBInstanceIdentifier"]
    record, pending = at_work.shown(instance, name, "DBInstanceStatus")
    waiting = record.get("PendingModifiedValues") or {}
    return original({**record, "PendingModifiedValues": {**waiting, **pending}})


def describe(rds: Any, action: Action, parameters: Parameters) -> Response:
    """What is pending is told of once at least, though it be applied at once."""
    response = action(parameters)
    for name, instance in rds._instances.items():
        if one(parameters, "DBInstanceIdentifier") in ("", name):
            at_work.told(instance)
    return response
