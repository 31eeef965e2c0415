# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""The fields of a replication group that are one parameter of AWS each."""

from __future__ import annotations

from ..fields import Field, Fields, Input

RESTORE = "Remove the group with a final snapshot and restore that"

FIELDS = Fields(
    Field(
        "description",
        "ReplicationGroupDescription",
        "What the group is for.",
        default="Managed by ragops.platform",
        seen="Description",
    ),
    Field(
        "engine",
        "Engine",
        "The engine. V(7.1) is the last redis version of ElastiCache; valkey is cheaper."
        " AWS changes redis to valkey in place, and back only from valkey 7.2 to redis 7.1.",
        default="redis",
        choices=("redis", "valkey"),
        role=Input(),
    ),
    Field(
        "engine_version",
        "EngineVersion",
        "Version, or the beginning of one; later releases of that line satisfy it. A newer one"
        " upgrades the group in place.",
        default="7.1",
        role=Input(),
    ),
    Field(
        "node_type",
        "CacheNodeType",
        "Instance type of the nodes.",
        default="cache.t3.micro",
        role=Input(),
    ),
    Field(
        "replicas",
        "",
        "Replicas in addition to the primary, 0 to 5. With one or more, failover is automatic.",
        type="int",
        default=0,
        within=(0, 5),
        role=Input(),
    ),
    Field(
        "multi_az",
        "MultiAZEnabled",
        "Whether primary and replicas are in different zones.",
        type="bool",
        default=False,
        role=Input(
            "{{ elasticache_replicas | int > 0 }}",
            "Whether primary and replicas are in different zones; by default if there are"
            " replicas.",
        ),
    ),
    Field(
        "encryption_at_rest",
        "AtRestEncryptionEnabled",
        "Whether disks and snapshots are encrypted. It cannot be changed.",
        type="bool",
        default=True,
        remedy=f"{RESTORE} encrypted.",
    ),
    Field(
        "kms_key_arn",
        "KmsKeyId",
        "Key for encryption at rest; AWS's own when not given. It cannot be changed.",
        remedy=f"{RESTORE} with the other key.",
    ),
    Field(
        "encryption_in_transit",
        "TransitEncryptionEnabled",
        "Whether connections are TLS only. In a group without it TLS is offered first, then"
        " required. It is not turned off here.",
        type="bool",
        default=True,
        apart=True,
    ),
    Field(
        "snapshot_retention_days",
        "SnapshotRetentionLimit",
        "Days for which daily snapshots are kept, at most 35; 0 for none.",
        type="int",
        default=7,
        within=(0, 35),
        role=Input(),
    ),
    Field(
        "snapshot_window",
        "SnapshotWindow",
        "Daily window of snapshots in UTC, such as 03:00-04:00, of an hour or more.",
        role=Input("03:00-04:00"),
    ),
    Field(
        "maintenance_window",
        "PreferredMaintenanceWindow",
        "Weekly window of maintenance in UTC, such as sun:05:00-sun:06:00, of an hour or more; not"
        " at the same time as snapshots.",
        role=Input("sun:05:00-sun:06:00"),
    ),
    Field(
        "auto_minor_version_upgrade",
        "AutoMinorVersionUpgrade",
        "Whether AWS installs releases of the engine's line.",
        type="bool",
        default=True,
        role=Input(),
    ),
)
