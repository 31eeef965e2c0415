"""What somebody may change by hand of a database, its groups and its password."""

from __future__ import annotations

from typing import Any

from support.drifts import NAME, WHOLE, Drift, Make, call
from support.emulator import Aws
from support.lifecycle import TAGS

INSTANCE = f"db instance {NAME}"
GROUP = f"db parameter group {NAME}-postgres15"
PASSWORD = f"master password of {INSTANCE}"


def database(aws: Aws, name: str) -> dict[str, Any]:
    rds = aws.client("rds")
    found: dict[str, Any] = rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]
    return found


def modified(**changes: Any) -> Make:
    which = {"DBInstanceIdentifier": NAME, "ApplyImmediately": True}
    return call("rds", "modify_db_instance", **which, **changes)


def setting(what: str, field: str, **changes: Any) -> Drift:
    return Drift(what, modified(**changes), {INSTANCE: [field]})


def parameter(what: str, name: str, value: str) -> Drift:
    change = {"ParameterName": name, "ParameterValue": value, "ApplyMethod": "immediate"}
    which = {"DBParameterGroupName": f"{NAME}-postgres15"}
    make = call("rds", "modify_db_parameter_group", **which, Parameters=[change])
    return Drift(what, make, {GROUP: [f"parameters.{name}"]})


def untagged(aws: Aws, name: str) -> None:
    arn = database(aws, name)["DBInstanceArn"]
    aws.client("rds").remove_tags_from_resource(ResourceName=arn, TagKeys=["Project"])


def other_group(aws: Aws, name: str) -> None:
    aws.client("rds").create_db_parameter_group(
        DBParameterGroupName="other", DBParameterGroupFamily="postgres15", Description="d"
    )
    modified(DBParameterGroupName="other")(aws, name)


def fewer_subnets(aws: Aws, name: str) -> None:
    rds = aws.client("rds")
    group = rds.describe_db_subnet_groups(DBSubnetGroupName=name)["DBSubnetGroups"][0]
    kept = [group["Subnets"][0]["SubnetIdentifier"]]
    rds.modify_db_subnet_group(DBSubnetGroupName=name, SubnetIds=kept)


def rotating_seldom(aws: Aws, name: str) -> None:
    aws.client("secretsmanager").rotate_secret(
        SecretId=database(aws, name)["MasterUserSecret"]["SecretArn"],
        RotateImmediately=False,
        RotationRules={"AutomaticallyAfterDays": 700},
    )


LEFTOVER = call(
    *("rds", "create_db_parameter_group"),
    DBParameterGroupName=f"{NAME}-postgres14",
    DBParameterGroupFamily="postgres14",
    Description="d",
    Tags=[{"Key": key, "Value": value} for key, value in TAGS.items()],
)
OWN = {"ManageMasterUserPassword": False, "MasterUserPassword": "a-password-of-ones-own"}
STOP = call("rds", "stop_db_instance", DBInstanceIdentifier=NAME)
NO_LOG = {"DisableLogTypes": ["postgresql"]}
OTHER_GROUP = ["sg-0123456789abcdef0"]

DRIFTS = [
    setting("backup retention lowered", "backup_retention_days", BackupRetentionPeriod=1),
    setting("deletion protection off", "deletion_protection", DeletionProtection=False),
    setting("made public", "publicly_accessible", PubliclyAccessible=True),
    setting("standby gone", "multi_az", MultiAZ=False),
    setting("class changed", "instance_class", DBInstanceClass="db.t3.medium"),
    setting("minor upgrades off", "auto_minor_version_upgrade", AutoMinorVersionUpgrade=False),
    setting("IAM logins off", "iam_authentication", EnableIAMDatabaseAuthentication=False),
    setting("insights off", "performance_insights", EnablePerformanceInsights=False),
    setting("monitoring off", "monitoring_interval", MonitoringInterval=0),
    setting("other authority", "ca_certificate", CACertificateIdentifier="rds-ca-ecc384-g1"),
    setting("no tags on snapshots", "copy_tags_to_snapshot", CopyTagsToSnapshot=False),
    setting("autoscaling limit", "max_allocated_storage", MaxAllocatedStorage=50),
    setting("backup window", "backup_window", PreferredBackupWindow="10:00-11:00"),
    setting(
        *("maintenance window", "maintenance_window"),
        PreferredMaintenanceWindow="mon:10:00-mon:11:00",
    ),
    setting("a log off", "log_exports", CloudwatchLogsExportConfiguration=NO_LOG),
    setting("security group changed", "security_group_ids", VpcSecurityGroupIds=OTHER_GROUP),
    Drift(
        *("password not managed", modified(**OWN)),
        {INSTANCE: ["master_password_managed"], PASSWORD: WHOLE},
    ),
    Drift("password seldom changed", rotating_seldom, {PASSWORD: ["rotated_every_days"]}),
    Drift("another parameter group", other_group, {INSTANCE: ["parameter_group"]}),
    Drift("tag removed", untagged, {INSTANCE: ["tags.Project"]}),
    parameter("statements not logged", "log_statement", "none"),
    parameter("TLS not forced", "rds.force_ssl", "0"),
    parameter("a parameter more", "work_mem", "8192"),
    Drift("a former group left", LEFTOVER, {f"db parameter group {NAME}-postgres14": WHOLE}),
    Drift("a subnet less", fewer_subnets, {f"db subnet group {NAME}": ["subnets"]}),
    Drift("stopped", STOP, {f"{INSTANCE}, whether it runs": WHOLE}),
]
