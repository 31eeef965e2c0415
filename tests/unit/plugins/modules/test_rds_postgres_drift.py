"""A database that somebody has changed by hand: planned exactly, repaired, then left alone."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from support.data_store_worlds import NAME, Drift, network, planned, refused, repaired
from support.data_store_worlds import database_options as options
from support.emulator import Aws
from support.lifecycle import TAGS, Life, World

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


def modified(**changes: Any) -> Drift:
    return lambda aws: aws.client("rds").modify_db_instance(
        **WHICH, ApplyImmediately=True, **changes
    )


def untagged(aws: Aws) -> None:
    rds = aws.client("rds")
    arn = rds.describe_db_instances(**WHICH)["DBInstances"][0]["DBInstanceArn"]
    rds.remove_tags_from_resource(ResourceName=arn, TagKeys=["Project"])


def parameter(name: str, value: str) -> Drift:
    change = {"ParameterName": name, "ParameterValue": value, "ApplyMethod": "immediate"}
    return lambda aws: aws.client("rds").modify_db_parameter_group(
        DBParameterGroupName=f"{NAME}-postgres15", Parameters=[change]
    )


def other_group(aws: Aws) -> None:
    rds = aws.client("rds")
    rds.create_db_parameter_group(
        DBParameterGroupName="other", DBParameterGroupFamily="postgres15", Description="d"
    )
    rds.modify_db_instance(**WHICH, DBParameterGroupName="other", ApplyImmediately=True)


def fewer_subnets(aws: Aws) -> None:
    rds = aws.client("rds")
    group = rds.describe_db_subnet_groups(DBSubnetGroupName=NAME)["DBSubnetGroups"][0]
    kept = [group["Subnets"][0]["SubnetIdentifier"]]
    rds.modify_db_subnet_group(DBSubnetGroupName=NAME, SubnetIds=kept)


def stopped(aws: Aws) -> None:
    aws.client("rds").stop_db_instance(**WHICH)


def leftover(aws: Aws) -> None:
    aws.client("rds").create_db_parameter_group(
        DBParameterGroupName=f"{NAME}-postgres14",
        DBParameterGroupFamily="postgres14",
        Description="d",
        Tags=[{"Key": key, "Value": value} for key, value in TAGS.items()],
    )


def rotating_seldom(aws: Aws) -> None:
    rds = aws.client("rds")
    secret = rds.describe_db_instances(**WHICH)["DBInstances"][0]["MasterUserSecret"]
    aws.client("secretsmanager").rotate_secret(
        SecretId=secret["SecretArn"],
        RotateImmediately=False,
        RotationRules={"AutomaticallyAfterDays": 700},
    )


def logs(operation: str, **arguments: Any) -> Drift:
    return lambda aws: getattr(aws.client("logs"), operation)(logGroupName=LOGS, **arguments)


DRIFTS: dict[str, tuple[Drift, dict[str, list[str]]]] = {
    "retention lowered": (
        modified(BackupRetentionPeriod=1),
        {INSTANCE: ["backup_retention_days"]},
    ),
    "protection off": (modified(DeletionProtection=False), {INSTANCE: ["deletion_protection"]}),
    "made public": (modified(PubliclyAccessible=True), {INSTANCE: ["publicly_accessible"]}),
    "standby gone": (modified(MultiAZ=False), {INSTANCE: ["multi_az"]}),
    "class changed": (
        modified(DBInstanceClass="db.t3.medium"),
        {INSTANCE: ["instance_class"]},
    ),
    "minor upgrades off": (
        modified(AutoMinorVersionUpgrade=False),
        {INSTANCE: ["auto_minor_version_upgrade"]},
    ),
    "IAM logins off": (
        modified(EnableIAMDatabaseAuthentication=False),
        {INSTANCE: ["iam_authentication"]},
    ),
    "insights off": (
        modified(EnablePerformanceInsights=False),
        {INSTANCE: ["performance_insights"]},
    ),
    "monitoring off": (modified(MonitoringInterval=0), {INSTANCE: ["monitoring_interval"]}),
    "other authority": (
        modified(CACertificateIdentifier="rds-ca-ecc384-g1"),
        {INSTANCE: ["ca_certificate"]},
    ),
    "no tags on snapshots": (
        modified(CopyTagsToSnapshot=False),
        {INSTANCE: ["copy_tags_to_snapshot"]},
    ),
    "autoscaling limit": (
        modified(MaxAllocatedStorage=50),
        {INSTANCE: ["max_allocated_storage"]},
    ),
    "backup window": (
        modified(PreferredBackupWindow="10:00-11:00"),
        {INSTANCE: ["backup_window"]},
    ),
    "maintenance window": (
        modified(PreferredMaintenanceWindow="mon:10:00-mon:11:00"),
        {INSTANCE: ["maintenance_window"]},
    ),
    "a log off": (
        modified(CloudwatchLogsExportConfiguration={"DisableLogTypes": ["postgresql"]}),
        {INSTANCE: ["log_exports"]},
    ),
    "security group changed": (
        modified(VpcSecurityGroupIds=["sg-0123456789abcdef0"]),
        {INSTANCE: ["security_group_ids"]},
    ),
    "password not managed": (
        modified(ManageMasterUserPassword=False, MasterUserPassword="a-password-of-ones-own"),
        {
            INSTANCE: ["master_password_managed"],
            f"master password of {INSTANCE}": ["whole"],
        },
    ),
    "password seldom changed": (
        rotating_seldom,
        {f"master password of {INSTANCE}": ["rotated_every_days"]},
    ),
    "another parameter group": (other_group, {INSTANCE: ["parameter_group"]}),
    "tag removed": (untagged, {INSTANCE: ["tags"]}),
    "statements not logged": (parameter("log_statement", "none"), {GROUP: ["parameters"]}),
    "TLS not forced": (parameter("rds.force_ssl", "0"), {GROUP: ["parameters"]}),
    "a parameter more": (parameter("work_mem", "8192"), {GROUP: ["parameters"]}),
    "a former group left": (leftover, {f"db parameter group {NAME}-postgres14": ["whole"]}),
    "a subnet less": (fewer_subnets, {f"db subnet group {NAME}": ["subnets"]}),
    "log kept shortly": (
        logs("put_retention_policy", retentionInDays=1),
        {f"log group {LOGS}": ["retention_days"]},
    ),
    "log's key gone": (logs("disassociate_kms_key"), {f"log group {LOGS}": ["kms_key_arn"]}),
    "log group deleted": (logs("delete_log_group"), {f"log group {LOGS}": ["whole"]}),
    "stopped": (stopped, {f"{INSTANCE}, whether it runs": ["whole"]}),
}


@pytest.mark.parametrize("name", DRIFTS)
def test_drift_is_planned_then_repaired(database: Life, name: str) -> None:
    drift, expected = DRIFTS[name]
    repaired(database, drift, expected)


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
    assert planned(first) == {GROUP: ["parameters"]}
    assert first["instance"]["parameters_pending_reboot"] is True
    assert "with its next reboot" in str(first["warnings"])
    database.rests(parameter_group=more)
    rebooted = {"parameter_group": more, "reboot_if_pending": True}
    repaired(database, lambda _: None, {f"{INSTANCE}, its parameters": ["whole"]}, **rebooted)
    database.world.run(database.module, {**database.options, "reboot_if_pending": True})
    database.rests()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"db_name": "other"}, "db_name is 'rag', wanted is 'other'.*CREATE DATABASE"),
        ({"master_username": "other"}, "master_username is 'ragops'.*CREATE ROLE"),
        ({"kms_key_arn": "arn:aws:kms:other"}, "kms_key_arn is .*Copy a snapshot"),
        ({"engine_version": "14"}, "never goes back"),
        ({"engine_version": "16"}, "allow_major_version_upgrade: true"),
        ({"engine_version": "15.4"}, "never goes back"),
        ({"instance_class": "db.t9.huge"}, "AWS offers no db.t9.huge for PostgreSQL 15.18"),
        ({"subnet_group": {"name": "other", "subnet_ids": []}}, "subnet_group is 'ragops-test'"),
    ],
)
def test_what_aws_cannot_change_is_refused_first(
    database: Life, wrong: dict[str, Any], message: str
) -> None:
    refused(database, message, **{"backup_retention_days": 3, **wrong})


def test_what_is_somebody_elses_is_refused(database: Life) -> None:
    refused(database, "is somebody else's", tags={"Project": "other"})


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
    modified(AllocatedStorage=60)(database.world.aws)
    database.rests()
    refused = database.world.run(
        database.module, {**database.options, "max_allocated_storage": 40}, fails=True
    )
    assert "allocated_storage is 60, wanted is 20" in refused["msg"]
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
    stopped(database.world.aws)
    rds = database.world.aws.client("rds")
    with pytest.raises(ClientError, match="not currently in the available state"):
        rds.delete_db_instance(**WHICH, FinalDBSnapshotIdentifier="last")
    with pytest.raises(ClientError, match="is not in available state"):
        rds.modify_db_instance(**WHICH, DeletionProtection=False)
    gone = {**database.options, "state": "absent", "final_snapshot_id": "last"}
    gone |= {"deletion_protection": False}
    for check in (True, False):
        refused = database.world.run(database.module, gone, check=check, fails=True)
        assert "is stopped: AWS makes no last snapshot of it" in refused["msg"]
    rds.start_db_instance(**WHICH)


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
