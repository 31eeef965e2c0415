# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What would become unreadable with a KMS key: objects and snapshots that outlive a destroy."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from ..aws import call
from ..reconcile import Api

_NO_BUCKET = ("404", "NoSuchBucket", "NotFound")
LASTING = ("manual", "awsbackup")
"""Snapshots of databases that outlive them: somebody's and AWS Backup's. AWS lists the latter only
where they are asked for."""


def users_of(connect: Callable[[str], Api], key_arn: str, buckets: Collection[str]) -> list[str]:
    """Return what is encrypted with a key and stays: by kind and name, for a message.

    Args:
        connect: gives the Api of a service by its boto3 name.
        key_arn: the key.
        buckets: names of the buckets to look into; those that don't exist are left out.
    """
    s3 = connect("s3")
    found = [f"bucket {name}" for name in buckets if _holds_data(s3, name, key_arn)]
    rds = connect("rds")
    found += [
        f"database snapshot {item['DBSnapshotIdentifier']}"
        for kind in LASTING
        for item in rds.pages(
            "describe_db_snapshots", "DBSnapshots", "database snapshots", SnapshotType=kind
        )
        if item.get("KmsKeyId") == key_arn
    ]
    cached = connect("elasticache").pages(
        "describe_snapshots", "Snapshots", "cache snapshots", SnapshotSource="user"
    )
    found += [
        f"cache snapshot {item['SnapshotName']}"
        for item in cached
        if item.get("KmsKeyId") == key_arn
    ]
    return found


def _holds_data(s3: Api, bucket: str, key_arn: str) -> bool:
    """Return whether a bucket encrypts with the key and holds any version of anything."""
    label = f"bucket {bucket}"
    answer = s3.read("get_bucket_encryption", label, _NO_BUCKET, Bucket=bucket)
    rules = answer.get("ServerSideEncryptionConfiguration", {}).get("Rules", [])
    keys = {
        rule.get("ApplyServerSideEncryptionByDefault", {}).get("KMSMasterKeyID") for rule in rules
    }
    if key_arn not in keys:
        return False
    # One page is enough, so no paginator: a bucket may hold millions.
    page: dict[str, Any] = (
        call(s3.client, "list_object_versions", label, missing=_NO_BUCKET, Bucket=bucket, MaxKeys=1)
        or {}
    )
    return bool(page.get("Versions") or page.get("DeleteMarkers"))
