# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""The fields of a DB instance that are one parameter of AWS each."""

from __future__ import annotations

from ..fields import Field, Fields, Input

INTERVALS = (0, 1, 5, 10, 15, 30, 60)
ENCRYPT = "Copy a snapshot with a key and restore the copy into a new instance."
NEW_INSTANCE = "Restore a snapshot into a new instance, or destroy this one first."

FIELDS = Fields(
    Field(
        "instance_class",
        "DBInstanceClass",
        "Instance class. The role asks AWS whether it is available.",
        default="db.t3.micro",
        role=Input(),
    ),
    Field(
        "allocated_storage",
        "AllocatedStorage",
        "Storage in GiB to start with. It only grows; a run keeps what AWS has added, up to"
        " O(max_allocated_storage).",
        type="int",
        default=20,
        within=(20, 65536),
        why=" GiB for PostgreSQL",
        role=Input(),
    ),
    Field(
        "max_allocated_storage",
        "MaxAllocatedStorage",
        "Size in GiB up to which AWS adds storage by itself; at least 10 percent more than"
        " O(allocated_storage).",
        type="int",
        default=100,
        role=Input(),
    ),
    Field(
        "storage_type",
        "StorageType",
        "Storage type.",
        default="gp3",
        choices=("gp2", "gp3", "io1", "io2"),
        role=Input(),
    ),
    Field(
        "iops",
        "Iops",
        "IOPS, needed for io1 and io2; with gp3 from 400 GiB on.",
        type="int",
        role=Input(
            text="IOPS, needed for io1 and io2; with gp3 from 400 GiB on. 0: the storage type's"
            " default."
        ),
    ),
    Field(
        "storage_throughput",
        "StorageThroughput",
        "MiB per second, with gp3 from 400 GiB on.",
        type="int",
        role=Input(text="MiB per second, with gp3 from 400 GiB on. 0: the storage type's default."),
    ),
    Field("storage_encrypted", "StorageEncrypted", "", type="bool", always=True, remedy=ENCRYPT),
    Field(
        "kms_key_arn",
        "KmsKeyId",
        "Key for storage, master password and Performance Insights; AWS's own when not given. For"
        " storage it cannot be changed.",
        remedy="Copy a snapshot under the other key and restore it into a new instance.",
    ),
    Field(
        "db_name",
        "DBName",
        "Database that is made with the instance.",
        default="rag",
        remedy=NEW_INSTANCE + " A further database needs no new instance: CREATE DATABASE.",
    ),
    Field(
        "master_username",
        "MasterUsername",
        "Name of the master user.",
        default="ragops",
        remedy=NEW_INSTANCE + " A further user needs no new instance: CREATE ROLE.",
    ),
    Field(
        "multi_az",
        "MultiAZ",
        "Whether a standby is in another zone (production). A run reads it back, asks once more if"
        " AWS left it out, and fails if it is still missing.",
        type="bool",
        default=False,
        role=Input(),
    ),
    Field(
        "backup_retention_days",
        "BackupRetentionPeriod",
        "Days for which daily backups are kept, 1 to 35.",
        type="int",
        default=7,
        within=(1, 35),
        why=": without backups data is lost",
        role=Input(),
    ),
    Field(
        "backup_window",
        "PreferredBackupWindow",
        "Daily window of backups in UTC, such as 02:00-03:00, of 30 minutes or more.",
        role=Input("02:00-03:00"),
    ),
    Field(
        "maintenance_window",
        "PreferredMaintenanceWindow",
        "Weekly window of maintenance in UTC, such as sun:04:00-sun:05:00, of 30 minutes or more;"
        " not at the same time as backups.",
        role=Input("sun:04:00-sun:05:00"),
    ),
    Field(
        "deletion_protection",
        "DeletionProtection",
        "Whether AWS refuses to delete the instance. With O(state=absent), V(false) turns it off"
        " first.",
        type="bool",
        default=True,
        role=Input(text="Whether AWS refuses to delete the instance. Destroy needs false."),
    ),
    Field("publicly_accessible", "PubliclyAccessible", "", type="bool", always=False),
    Field("copy_tags_to_snapshot", "CopyTagsToSnapshot", "", type="bool", always=True),
    Field(
        "auto_minor_version_upgrade",
        "AutoMinorVersionUpgrade",
        "Whether AWS installs minor versions in the maintenance window.",
        type="bool",
        default=True,
        role=Input(),
    ),
    Field(
        "iam_authentication",
        "EnableIAMDatabaseAuthentication",
        "Whether database users may log in by IAM instead of a password (GRANT rds_iam).",
        type="bool",
        default=True,
        seen="IAMDatabaseAuthenticationEnabled",
        role=Input(),
    ),
    Field(
        "ca_certificate",
        "CACertificateIdentifier",
        "Authority that signs the server's certificate, such as rds-ca-rsa2048-g1. AWS chooses it"
        " at creation when not given.",
        role=Input(
            "rds-ca-rsa2048-g1",
            "Authority that signs the server's certificate. Empty: AWS chooses it at creation.",
        ),
    ),
    Field(
        "performance_insights",
        "EnablePerformanceInsights",
        "Whether AWS records the load of the database. It stays off, with a warning, for a class"
        " that does not support it.",
        type="bool",
        default=True,
        seen="PerformanceInsightsEnabled",
        role=Input(),
    ),
    Field(
        "performance_insights_retention_days",
        "PerformanceInsightsRetentionPeriod",
        "Days for which it is kept; 7 cost nothing, otherwise a multiple of 31, or 731.",
        type="int",
        default=7,
        role=Input(
            text="Days for which Performance Insights are kept; 7 cost nothing, otherwise a"
            " multiple of 31, or 731."
        ),
    ),
    Field(
        "monitoring_interval",
        "MonitoringInterval",
        "Seconds between the operating system's metrics (enhanced monitoring); 0 for none.",
        type="int",
        default=0,
        choices=INTERVALS,
        role=Input(60),
    ),
    Field(
        "monitoring_role_arn",
        "MonitoringRoleArn",
        "Role with which RDS writes those metrics; needed with O(monitoring_interval).",
    ),
)
