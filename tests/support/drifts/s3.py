"""What somebody may change by hand of a bucket; `name` is the bucket's."""

from __future__ import annotations

import json
from typing import Any

from support.drifts import NAME, Drift, Make, call
from support.emulator import Aws

BUCKET, BLOCK = f"bucket {NAME}", "public_access_block"


def changed(what: str, fields: str, operation: str, **arguments: Any) -> Drift:
    """fields: separated by blanks."""
    make = call("s3", operation, Bucket=NAME, **arguments)
    return Drift(what, make, {BUCKET: fields.split()})


def allowing(sid: str, principal: Any) -> Make:
    """A policy of one statement in place of the bucket's own."""
    statement = {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": principal,
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{NAME}/*",
    }
    document = {"Version": "2012-10-17", "Statement": [statement]}
    return call("s3", "put_bucket_policy", Bucket=NAME, Policy=json.dumps(document))


def open_up(aws: Aws, name: str) -> None:
    """AWS refuses an open policy before the block is gone."""
    aws.client("s3").delete_public_access_block(Bucket=name)
    allowing("Open", "*")(aws, name)


SUSPENDED = {"VersioningConfiguration": {"Status": "Suspended"}}
OTHER_HALF = " ".join(
    f"{BLOCK}.{which}"
    for which in ("BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
)
TAGS = "tags.Environment tags.Project"
HALF = {"PublicAccessBlockConfiguration": {"BlockPublicAcls": True}}
WRITERS = {"OwnershipControls": {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}}
WEAKER = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
SOON = {"ID": "oops", "Status": "Enabled", "Filter": {}, "Expiration": {"Days": 1}}
OWNED = {"TagSet": [{"Key": "ManagedBy", "Value": "ragops.platform"}]}
"""The tag without which a bucket of a role would be nobody's."""
AUDITOR = {"AWS": "arn:aws:iam::111122223333:root"}

DRIFTS = [
    changed("versioning suspended", "versioning", "put_bucket_versioning", **SUSPENDED),
    changed("public access let in", BLOCK, "delete_public_access_block"),
    changed("half the public let in", OTHER_HALF, "put_public_access_block", **HALF),
    changed("objects their writers'", "ownership", "put_bucket_ownership_controls", **WRITERS),
    changed(
        *("weaker encryption", "encryption.algorithm encryption.bucket_key encryption.key"),
        *("put_bucket_encryption",),
        ServerSideEncryptionConfiguration=WEAKER,
    ),
    changed("bucket policy removed", "policy", "delete_bucket_policy"),
    Drift("bucket opened to anybody", open_up, {BUCKET: ["policy.Statement", BLOCK]}),
    Drift("opened to an auditor", allowing("Audit", AUDITOR), {BUCKET: ["policy.Statement"]}),
    changed("lifecycle removed", "lifecycle", "delete_bucket_lifecycle"),
    changed(
        *("everything expires", "lifecycle", "put_bucket_lifecycle_configuration"),
        LifecycleConfiguration={"Rules": [SOON]},
    ),
    changed("access logs off", "logging", "put_bucket_logging", BucketLoggingStatus={}),
    changed("bucket untagged", TAGS, "delete_bucket_tagging"),
    changed("bucket's tags replaced", TAGS, "put_bucket_tagging", Tagging=OWNED),
]
