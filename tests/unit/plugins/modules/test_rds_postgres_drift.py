"""A database that somebody has changed by hand: planned exactly, repaired, then left alone."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from support.data_store_worlds import NAME, network, refused, repaired
from support.data_store_worlds import database_options as options
from support.drifts import Drift, log_groups, rds
from support.lifecycle import Life, World, planned

WHICH = {"DBInstanceIdentifier": NAME}
INSTANCE = f"db instance {NAME}"
GROUP = f"db parameter group {NAME}-postgres15"
LARGE = {"allocated_storage": 500, "max_allocated_storage": 1000}
LOGS = "/aws/rds/instance/ragops-test/postgresql"


@pytest.fixture(scope="module")
def database(modules_world: World) -> Life:
    """One instance for all drifts: each leaves it as it was."""
    modules_world.aws.reset()
    life = Life(modules_world, "rds_postgres", options(modules_world.aws))
    life.settles()
    return life


DRIFTS = [(drift, NAME) for drift in rds.DRIFTS] + [(drift, LOGS) for drift in log_groups.DRIFTS]


@pytest.mark.parametrize(("drift", "name"), DRIFTS, ids=[drift.what for drift, _ in DRIFTS])
def test_drift_is_planned_then_repaired(database: Life, drift: Drift, name: str) -> None:
    repaired(database, drift.on(name), drift.planned(name))


def test_what_is_pending_is_told_and_no_drift(database: Life) -> None:
    later = {"instance_class": "db.t3.small", "apply_immediately": False}
    first = database.world.run(database.module, {**database.options, **later})
    assert planned(first) == {INSTANCE: ["instance_class"]}
    assert first["instance"]["instance_class"] == "db.t3.micro"
    assert first["instance"]["pending_modifications"] == {"DBInstanceClass": "db.t3.small"}
    assert "has yet to apply DBInstanceClass db.t3.small" in str(first["warnings"])
    database.rests(**later)
    now = {**database.options, **later, "apply_immediately": True}
    assert planned(database.world.run(database.module, now, check=True)) == {INSTANCE: ["pending"]}
    done = database.world.run(database.module, now)
    assert (done["instance"]["instance_class"], done["instance"]["pending_modifications"]) == (
        "db.t3.small",
        {},
    )
    database.world.run(database.module, database.options)
    database.rests()


def test_a_static_parameter_waits_for_a_reboot(database: Life) -> None:
    group = database.options["parameter_group"]
    more = {**group, "parameters": {**group["parameters"], "shared_buffers": "32768"}}
    first = database.world.run(database.module, {**database.options, "parameter_group": more})
    assert planned(first) == {GROUP: ["parameters.shared_buffers"]}
    assert first["instance"]["parameters_pending_reboot"] is True
    assert "at the next reboot" in str(first["warnings"])
    database.rests(parameter_group=more)
    rebooted = {"parameter_group": more, "reboot_if_pending": True}
    repaired(database, lambda _: None, {f"{INSTANCE}, its parameters": ["whole"]}, **rebooted)
    database.world.run(database.module, {**database.options, "reboot_if_pending": True})
    database.rests()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            {"db_name": "other"},
            "db_name is 'rag', and AWS cannot change it to 'other'.*CREATE DATABASE",
        ),
        ({"master_username": "other"}, "master_username is 'ragops'.*CREATE ROLE"),
        ({"kms_key_arn": "arn:aws:kms:other"}, "kms_key_arn is .*Copy a snapshot"),
        ({"engine_version": "14"}, "cannot downgrade"),
        ({"engine_version": "16"}, "allow_major_version_upgrade: true"),
        ({"engine_version": "15.4"}, "cannot downgrade"),
        ({"instance_class": "db.t9.huge"}, "AWS offers no db.t9.huge for PostgreSQL 15.18"),
        ({"subnet_group": {"name": "other", "subnet_ids": []}}, "subnet_group is 'ragops-test'"),
    ],
)
def test_what_aws_cannot_change_is_refused_first(
    database: Life, wrong: dict[str, Any], message: str
) -> None:
    refused(database, message, **{"backup_retention_days": 3, **wrong})


def test_what_is_somebody_elses_is_refused(database: Life) -> None:
    refused(database, "belongs to somebody else", tags={"Project": "other"})


def test_subnets_of_another_vpc_are_refused(database: Life) -> None:
    subnets, _ = network(database.world.aws, "10.30")
    wrong = {"name": NAME, "subnet_ids": subnets}
    refused(database, "AWS cannot move it", subnet_group=wrong)


def test_a_rotation_is_asked_for_each_time(database: Life) -> None:
    rds = database.world.aws.client("rds")
    secret = rds.describe_db_instances(**WHICH)["DBInstances"][0]["MasterUserSecret"]["SecretArn"]
    secrets = database.world.aws.client("secretsmanager")
    before = secrets.get_secret_value(SecretId=secret)["SecretString"]
    again = {**database.options, "rotate_master_password": True}
    rotated = database.world.run(database.module, again)
    assert planned(rotated) == {f"master password of {INSTANCE}": ["rotated"]}
    after = secrets.get_secret_value(SecretId=secret)["SecretString"]
    assert before != after
    assert not [value for value in (before, after) if value in "".join(database.world.printed)]


def test_storage_grows_and_what_grew_by_itself_stays(database: Life) -> None:
    rds.modified(AllocatedStorage=60)(database.world.aws, NAME)
    database.rests()
    refused = database.world.run(
        database.module, {**database.options, "max_allocated_storage": 40}, fails=True
    )
    assert "allocated_storage is 60, and AWS cannot change it to 20" in refused["msg"]
    assert "never shrinks" in refused["msg"]
    grown = {"allocated_storage": 80}
    repaired(database, lambda _: None, {INSTANCE: ["allocated_storage"]}, **grown)


def test_large_storage_grows_with_its_iops_and_throughput(database: Life) -> None:
    """AWS takes them together only, though the inventory names none, and of small storage none."""
    for size in (400, 500):
        wish = {**LARGE, "allocated_storage": size}
        done = database.world.run(database.module, {**database.options, **wish})
        assert done["instance"]["allocated_storage"] == size
        database.rests(**wish)
    found = database.world.aws.client("rds").describe_db_instances(**WHICH)["DBInstances"][0]
    assert (found["Iops"], found["StorageThroughput"]) == (12000, 500)


def test_upgrades_in_place(database: Life) -> None:
    group = {**database.options["parameter_group"], "name": f"{NAME}-postgres16"}
    upgrade = {
        "engine_version": "16",
        "allow_major_version_upgrade": True,
        "parameter_group": group,
        **LARGE,
    }
    database.world.run(database.module, {**database.options, **LARGE})
    expected = {
        INSTANCE: ["engine_version", "parameter_group"],
        f"db parameter group {NAME}-postgres16": ["whole"],
        GROUP: ["whole"],
    }
    repaired(database, lambda _: None, expected, **upgrade)
    instance = database.world.aws.client("rds").describe_db_instances(**WHICH)["DBInstances"][0]
    assert instance["EngineVersion"] == "16.14"


def test_a_stopped_database_is_started_by_who_destroys_it(database: Life) -> None:
    """AWS neither makes its last snapshot nor takes its protection away till it runs."""
    rds.STOP(database.world.aws, NAME)
    client = database.world.aws.client("rds")
    with pytest.raises(ClientError, match="not currently in the available state"):
        client.delete_db_instance(**WHICH, FinalDBSnapshotIdentifier="last")
    with pytest.raises(ClientError, match="is not in available state"):
        client.modify_db_instance(**WHICH, DeletionProtection=False)
    gone = {**database.options, "state": "absent", "final_snapshot_id": "last"}
    gone |= {"deletion_protection": False}
    for check in (True, False):
        refused = database.world.run(database.module, gone, check=check, fails=True)
        assert "is stopped, so AWS can neither make a final snapshot" in refused["msg"]
    client.start_db_instance(**WHICH)


def test_the_last_snapshot_gets_a_name_that_is_free(database: Life) -> None:
    rds = database.world.aws.client("rds")
    rds.create_db_snapshot(DBSnapshotIdentifier="last", **WHICH)
    absent = {
        "deletion_protection": False,
        "final_snapshot_id": "last",
        "parameter_group": {"name": f"{NAME}-postgres15"},
    }
    gone = database.settles("absent", **absent)
    assert gone["final_snapshot_id"] == "last-2"
    assert {
        item["DBSnapshotIdentifier"] for item in rds.describe_db_snapshots()["DBSnapshots"]
    } == {
        "last",
        "last-2",
    }
    groups = rds.describe_db_parameter_groups()["DBParameterGroups"]
    assert not [group for group in groups if group["DBParameterGroupName"].startswith(NAME)]
    logs = database.world.aws.client("logs")
    assert (
        logs.describe_log_groups(logGroupNamePrefix=f"/aws/rds/instance/{NAME}/")["logGroups"] == []
    )
