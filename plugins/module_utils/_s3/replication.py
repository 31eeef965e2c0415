# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""The role that replicates buckets into another region, allowed to do that and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..aws import Dict
from ..resources import iam_role

POLICY = "replicate"


@dataclass(frozen=True)
class Keys:
    """The keys on both sides, None for SSE-S3."""

    source: str | None
    target: str | None


def trust() -> Dict:
    """Return who may take the role: S3.

    Without a condition on the account: AWS documents none for replication (S3 User Guide, "Setting
    up permissions for live replication"), and a key that S3 does not send would stop it without a
    word. Nobody else's bucket gets the role: who configures replication must be allowed to pass it.
    """
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "S3Replicates",
                "Effect": "Allow",
                "Principal": {"Service": "s3.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }


def permissions(pairs: Mapping[str, str], keys: Keys, regions: tuple[str, str]) -> Dict:
    """Return what the role may do.

    Args:
        pairs: ARN of each bucket and of its replica.
        keys: the keys on both sides.
        regions: region of the buckets, and of the replicas.
    """
    sources, targets = list(pairs), list(pairs.values())
    statements: list[Dict] = [
        _allow("ReadConfiguration", ["s3:GetReplicationConfiguration", "s3:ListBucket"], sources),
        _allow(
            "ReadVersions",
            [
                "s3:GetObjectVersionAcl",
                "s3:GetObjectVersionForReplication",
                "s3:GetObjectVersionTagging",
            ],
            _objects(sources),
        ),
        _allow(
            "WriteReplicas",
            ["s3:ReplicateDelete", "s3:ReplicateObject", "s3:ReplicateTags"],
            _objects(targets),
        ),
    ]
    if keys.source:
        statements.append(
            _allow("ReadKey", ["kms:Decrypt"], [keys.source]) | _through(regions[0], sources)
        )
    if keys.target:
        statements.append(
            _allow("WriteKey", ["kms:Encrypt", "kms:GenerateDataKey"], [keys.target])
            | _through(regions[1], targets)
        )
    return {"Version": "2012-10-17", "Statement": statements}


def role(
    name: str, allowed: Dict, tags: Mapping[str, str], boundary: str | None = None
) -> iam_role.Wanted:
    """Return the role that is wanted.

    Args:
        allowed: its one policy.
        boundary: ARN of the policy that bounds it.
    """
    return iam_role.Wanted(
        name,
        trust(),
        {key: str(value) for key, value in tags.items()},
        policies={POLICY: allowed},
        permissions_boundary=boundary,
        description="S3 replication",
    )


def _allow(sid: str, actions: Sequence[str], resources: Sequence[str]) -> Dict:
    return {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": list(resources)}


def _objects(buckets: Sequence[str]) -> list[str]:
    return [f"{arn}/*" for arn in buckets]


def _through(region: str, buckets: Sequence[str]) -> dict[str, Any]:
    """Return the condition that a key is used by S3, for these buckets.

    With a bucket key the encryption context is the bucket, without one the object.
    """
    return {
        "Condition": {
            "StringEquals": {"kms:ViaService": f"s3.{region}.amazonaws.com"},
            "StringLike": {"kms:EncryptionContext:aws:s3:arn": [*buckets, *_objects(buckets)]},
        }
    }
