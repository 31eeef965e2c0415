# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What a bucket should be, as AWS writes it: pure, no calls."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..aws import AwsError, Dict

BLOCKED = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}
SIDS = ("RefuseWithoutTls", "RefuseOldTls", "AcceptAccessLogs", "AcceptLoadBalancerLogs")
"""Statements of a bucket policy that are ours; all others are left as they are."""

_EVERYTHING = {"Prefix": ""}
_RESERVED = re.compile(r"^(xn--|sthree-|amzn-s3-demo-)|(-s3alias|--ol-s3|--x-s3|--table-s3)$")


@dataclass(frozen=True)
class Wish:
    """What one bucket should be.

    kms_key_arn: key for SSE-KMS, None for SSE-S3. Days: 0 for never. logs_to: bucket for its
    access logs. logs_of: buckets whose access logs it takes. replicate: to where, if anywhere.
    """

    name: str
    region: str
    account: str
    partition: str
    tags: Mapping[str, str]
    kms_key_arn: str | None = None
    transition_days: int = 0
    noncurrent_days: int = 0
    abort_upload_days: int = 0
    expire_days: int = 0
    logs_to: str | None = None
    logs_of: Sequence[str] = field(default_factory=tuple)
    replicate: Replica | None = None

    @property
    def label(self) -> str:
        """How plans and errors name the bucket."""
        return f"bucket {self.name}"

    @property
    def arn(self) -> str:
        """The bucket's ARN, which names no account and no region."""
        return f"arn:{self.partition}:s3:::{self.name}"

    @property
    def which(self) -> dict[str, str]:
        """The arguments that name the bucket, if its owner is the one that we expect."""
        return {"Bucket": self.name, "ExpectedBucketOwner": self.account}


@dataclass(frozen=True)
class Replica:
    """Where a bucket's objects are replicated to, by which role, under which key there."""

    bucket_arn: str
    region: str
    role_arn: str
    kms_key_arn: str | None


def check_name(name: str) -> None:
    """Refuse a bucket name that AWS would refuse, or that breaks TLS (a dot does).

    Raises:
        AwsError: what is wrong with it.
    """
    problem = ""
    if not 3 <= len(name) <= 63:
        problem = f"has {len(name)} characters, AWS takes 3 to 63"
    elif not re.fullmatch(r"[a-z0-9][a-z0-9-]*[a-z0-9]", name):
        problem = (
            "may hold lower-case letters, digits and hyphens only, and begins and ends with a "
            "letter or digit"
        )
    elif _RESERVED.search(name):
        problem = "begins or ends with a part that AWS reserves"
    if problem:
        raise AwsError(f"The bucket name {name!r} {problem}. Choose another platform_project.")


def policy(wish: Wish) -> Dict:
    """Return our statements: TLS 1.2 or later for everybody, and log delivery where it goes."""
    everything = [wish.arn, f"{wish.arn}/*"]

    def refuse(sid: str, condition: Dict) -> Dict:
        return {
            "Sid": sid,
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": everything,
            "Condition": condition,
        }

    statements = [
        refuse("RefuseWithoutTls", {"Bool": {"aws:SecureTransport": "false"}}),
        refuse("RefuseOldTls", {"NumericLessThan": {"s3:TlsVersion": "1.2"}}),
    ]
    if wish.logs_of:
        statements.append(
            {
                "Sid": "AcceptAccessLogs",
                "Effect": "Allow",
                "Principal": {"Service": "logging.s3.amazonaws.com"},
                "Action": "s3:PutObject",
                "Resource": f"{wish.arn}/*",
                "Condition": {
                    "StringEquals": {"aws:SourceAccount": wish.account},
                    "ArnLike": {
                        "aws:SourceArn": [
                            f"arn:{wish.partition}:s3:::{name}" for name in wish.logs_of
                        ]
                    },
                },
            }
        )
        # The folder is that of the load balancer's account: nobody else's gets here.
        statements.append(
            {
                "Sid": "AcceptLoadBalancerLogs",
                "Effect": "Allow",
                "Principal": {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
                "Action": "s3:PutObject",
                "Resource": f"{wish.arn}/alb/AWSLogs/{wish.account}/*",
            }
        )
    return {"Version": "2012-10-17", "Statement": statements}


def lifecycle(wish: Wish) -> list[Dict]:
    """Return the lifecycle rules, sorted by id."""
    rules: list[Dict] = []

    def add(days: int, name: str, **what: Any) -> None:
        if days:
            rules.append({"ID": name, "Status": "Enabled", "Filter": dict(_EVERYTHING), **what})

    add(
        wish.abort_upload_days,
        "abort-stale-uploads",
        AbortIncompleteMultipartUpload={"DaysAfterInitiation": wish.abort_upload_days},
    )
    add(wish.expire_days, "expire", Expiration={"Days": wish.expire_days})
    add(
        wish.noncurrent_days,
        "expire-noncurrent",
        NoncurrentVersionExpiration={"NoncurrentDays": wish.noncurrent_days},
        # A rule that expires by age removes such markers by itself, and AWS refuses both.
        **({} if wish.expire_days else {"Expiration": {"ExpiredObjectDeleteMarker": True}}),
    )
    add(
        wish.transition_days,
        "infrequent-access",
        Transitions=[{"Days": wish.transition_days, "StorageClass": "STANDARD_IA"}],
    )
    return rules


def encryption(wish: Wish) -> Dict:
    """Return the default encryption; with KMS through a bucket key, which saves calls to KMS."""
    if wish.kms_key_arn is None:
        return {"algorithm": "AES256", "key": None, "bucket_key": False}
    return {"algorithm": "aws:kms", "key": wish.kms_key_arn, "bucket_key": True}


def logging(wish: Wish) -> Dict | None:
    """Return where access logs go: one folder per bucket."""
    if wish.logs_to is None:
        return None
    return {"TargetBucket": wish.logs_to, "TargetPrefix": f"{wish.name}/"}


def replication(wish: Wish) -> Dict | None:
    """Return the replication configuration: everything, deletions by marker included."""
    if wish.replicate is None:
        return None
    destination: Dict = {"Bucket": wish.replicate.bucket_arn}
    rule: Dict = {
        "ID": f"to-{wish.replicate.region}",
        "Priority": 1,
        "Status": "Enabled",
        "Filter": dict(_EVERYTHING),
        "DeleteMarkerReplication": {"Status": "Enabled"},
        "Destination": destination,
    }
    if wish.replicate.kms_key_arn:
        rule["SourceSelectionCriteria"] = {"SseKmsEncryptedObjects": {"Status": "Enabled"}}
        destination["EncryptionConfiguration"] = {"ReplicaKmsKeyID": wish.replicate.kms_key_arn}
    return {"Role": wish.replicate.role_arn, "Rules": [rule]}


def state(wish: Wish) -> Dict:
    """Return the state of a bucket that is as wished; its policy holds our statements only."""
    return {
        "versioning": "Enabled",
        "ownership": "BucketOwnerEnforced",
        "public_access_block": dict(BLOCKED),
        "encryption": encryption(wish),
        "policy": policy(wish),
        "lifecycle": lifecycle(wish),
        "logging": logging(wish),
        "replication": replication(wish),
        "tags": {key: str(value) for key, value in wish.tags.items()},
    }


def normal_rules(rules: Sequence[Mapping[str, Any]] | None) -> list[Dict]:
    """Return rules as AWS reports them in our spelling: sorted, with a filter for everything."""
    found = [{**rule, "Filter": rule.get("Filter") or dict(_EVERYTHING)} for rule in rules or ()]
    return sorted(found, key=lambda rule: str(rule.get("ID")))
