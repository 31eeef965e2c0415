# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""How the database is found, and what a destroy can leave of it."""

from __future__ import annotations

from collections.abc import Callable, Collection

from .._platform.outputs import Outputs, address
from .._platform.scope import Connect, Scope
from .._sweep.item import Item
from .._sweep.stores import Listing, finder
from ..aws import Dict, call, collect, tag_dict
from ..component import Component
from ..reconcile import Api
from .transform import SECRET_TAG

LASTING = ("manual", "awsbackup")
"""Snapshots of databases that outlive them: somebody's and AWS Backup's. AWS lists the latter only
where they are asked for."""


def read(connect: Connect, scope: Scope) -> Dict | None:
    """The database instance <name>."""
    about = f"RDS instance {scope.name}"
    answer = call(
        connect("rds"),
        "describe_db_instances",
        about,
        missing=("DBInstanceNotFound", "DBInstanceNotFoundFault"),
        DBInstanceIdentifier=scope.name,
    )
    if not answer or not answer["DBInstances"]:
        return None
    instance: Dict = answer["DBInstances"][0]
    scope.check(tag_dict(instance.get("TagList")), about)
    return instance


def shape(raw: Dict | None, _: str) -> Dict:
    """The database; endpoint and port are None until AWS has given them."""
    instance = raw or {}
    return {
        "identifier": instance.get("DBInstanceIdentifier"),
        "arn": instance.get("DBInstanceArn"),
        "status": instance.get("DBInstanceStatus"),
        "endpoint": instance.get("Endpoint", {}).get("Address"),
        "port": instance.get("Endpoint", {}).get("Port"),
        "db_name": instance.get("DBName"),
        "master_username": instance.get("MasterUsername"),
        "master_secret_arn": instance.get("MasterUserSecret", {}).get("SecretArn")
        or tag_dict(instance.get("TagList")).get(SECRET_TAG),
        "multi_az": instance.get("MultiAZ"),
        "engine_version": instance.get("EngineVersion"),
    }


def backups(connect: Connect, scope: Scope) -> list[Item]:
    """Automated backups that RDS retains when their instance is gone."""
    about = f"automated backups of {scope.name}"
    listed = collect(
        connect("rds"),
        "describe_db_instance_automated_backups",
        "DBInstanceAutomatedBackups",
        about,
        missing=("DBInstanceAutomatedBackupNotFound",),
        DBInstanceIdentifier=scope.name,
    )
    return [
        Item(
            "rds",
            "rds",
            "automated_backup",
            str(item["DbiResourceId"]),
            True,
            f"taken of {scope.name}",
            data=True,
        )
        for item in listed
        if item.get("Status") == "retained"
    ]


def outputs(found: Dict) -> Outputs:
    """What people look up of the database."""
    state = f" ({found['engine_version']}, {found['status']})"
    there = found["identifier"]
    return Outputs(
        lines={"PostgreSQL": address(found, f"/{found['db_name']}")},
        summary={"PostgreSQL": (address(found) or "no address yet") + state if there else None},
        variables={
            "DATABASE_HOST": found["endpoint"],
            "DATABASE_PORT": found["port"],
            "DATABASE_NAME": found["db_name"],
            "DATABASE_MASTER_SECRET_ARN": found["master_secret_arn"],
        },
    )


def encrypted(connect: Callable[[str], Api], key_arn: str, _: Collection[str]) -> list[str]:
    """Tell which snapshots a key encrypts that outlive their database."""
    rds = connect("rds")
    return [
        f"database snapshot {item['DBSnapshotIdentifier']}"
        for kind in LASTING
        for item in rds.pages(
            "describe_db_snapshots", "DBSnapshots", "database snapshots", SnapshotType=kind
        )
        if item.get("KmsKeyId") == key_arn
    ]


LISTINGS = (
    Listing(
        "instance",
        "describe_db_instances",
        "DBInstances",
        "DBInstanceIdentifier",
        "DBInstanceArn",
        billed=True,
    ),
    Listing(
        "snapshot",
        "describe_db_snapshots",
        "DBSnapshots",
        "DBSnapshotIdentifier",
        "DBSnapshotArn",
        billed=True,
        data=True,
    ),
    Listing(
        "parameter_group",
        "describe_db_parameter_groups",
        "DBParameterGroups",
        "DBParameterGroupName",
        "DBParameterGroupArn",
    ),
    Listing(
        "subnet_group",
        "describe_db_subnet_groups",
        "DBSubnetGroups",
        "DBSubnetGroupName",
        "DBSubnetGroupArn",
    ),
)
VANISHED = (
    "DBInstanceNotFound",
    "DBParameterGroupNotFound",
    "DBSnapshotNotFound",
    "DBSubnetGroupNotFoundFault",
    "InvalidARN",
)

COMPONENT = Component(
    "rds",
    data=True,
    read=read,
    shape=shape,
    outputs=outputs,
    leftovers=(finder("rds", LISTINGS, VANISHED), backups),
    services=frozenset({"rds"}),
    log_groups=("/aws/rds/instance",),
    encrypted=encrypted,
)
