# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Bring private S3 buckets to their state, with all that keeps documents safe."""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.ragops.platform.plugins.module_utils.aws import AwsError, tag_dict
from ansible_collections.ragops.platform.plugins.module_utils.reconcile import (
    Api,
    Plan,
    tag_list,
)

BLOCKED = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}
NO_BUCKET = ("404", "NoSuchBucket", "NotFound")
BATCH = 1000
"""Objects that AWS deletes in one call."""


def policy_of(bucket: str, partition: str) -> dict[str, Any]:
    """Return the policy that refuses every request without TLS."""
    arn = f"arn:{partition}:s3:::{bucket}"
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "RefuseWithoutTls",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": [arn, f"{arn}/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ],
    }


def rules_of(transition_days: int, abort_days: int) -> list[dict[str, Any]]:
    """Return the lifecycle rules: infrequent access after some days, stale uploads aborted."""
    rules: list[dict[str, Any]] = []
    if transition_days:
        rules.append(
            {
                "ID": "infrequent-access",
                "Status": "Enabled",
                "Filter": {"Prefix": ""},
                "Transitions": [{"Days": transition_days, "StorageClass": "STANDARD_IA"}],
            }
        )
    if abort_days:
        rules.append(
            {
                "ID": "abort-stale-uploads",
                "Status": "Enabled",
                "Filter": {"Prefix": ""},
                "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": abort_days},
            }
        )
    return rules


def wanted_of(bucket: str, options: dict[str, Any]) -> dict[str, Any]:
    """Return the state that a bucket should have, in the shape that `read` gives."""
    encryption: dict[str, Any] = {"SSEAlgorithm": "AES256"}
    if options["kms_key_arn"]:
        encryption = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": options["kms_key_arn"]}
    return {
        "versioning": "Enabled",
        "ownership": "BucketOwnerEnforced",
        "public_access_block": BLOCKED,
        "encryption": encryption,
        "policy": policy_of(bucket, options["partition"]),
        "lifecycle": rules_of(options["transition_days"], options["abort_upload_days"]),
        "tags": {key: str(value) for key, value in options["tags"].items()},
    }


def exists(api: Api, bucket: str) -> bool:
    """Return whether the bucket exists and is ours.

    Raises:
        AwsError: the name is taken by another account.
    """
    label = f"bucket {bucket}"
    try:
        return bool(api.read("head_bucket", label, NO_BUCKET, Bucket=bucket))
    except AwsError as error:
        if error.code == "403":
            raise AwsError(
                f"{label} exists but is not this account's, or may not be read. Bucket names are "
                "unique over all accounts: choose another platform_project.",
                code="403",
            ) from error
        raise


def read(api: Api, bucket: str, tags: dict[str, str]) -> dict[str, Any]:
    """Return the state of an existing bucket; of its tags only those that are wanted."""
    label = f"bucket {bucket}"

    def get(operation: str, key: str, missing: tuple[str, ...] = ()) -> Any:
        return api.read(operation, label, missing, Bucket=bucket).get(key)

    ownership = get(
        "get_bucket_ownership_controls", "OwnershipControls", ("OwnershipControlsNotFoundError",)
    )
    encryption = get(
        "get_bucket_encryption",
        "ServerSideEncryptionConfiguration",
        ("ServerSideEncryptionConfigurationNotFoundError",),
    )
    policy = get("get_bucket_policy", "Policy", ("NoSuchBucketPolicy",))
    current = tag_dict(get("get_bucket_tagging", "TagSet", ("NoSuchTagSet",)))
    rules = get("get_bucket_lifecycle_configuration", "Rules", ("NoSuchLifecycleConfiguration",))
    return {
        "versioning": get("get_bucket_versioning", "Status"),
        "ownership": ownership["Rules"][0]["ObjectOwnership"] if ownership else None,
        "public_access_block": get(
            "get_public_access_block",
            "PublicAccessBlockConfiguration",
            ("NoSuchPublicAccessBlockConfiguration",),
        ),
        "encryption": (
            encryption["Rules"][0]["ApplyServerSideEncryptionByDefault"] if encryption else None
        ),
        "policy": json.loads(policy) if policy else None,
        "lifecycle": sorted(rules or [], key=lambda rule: str(rule["ID"]), reverse=True),
        "tags": {key: current[key] for key in tags if key in current},
        "other_tags": {key: value for key, value in current.items() if key not in tags},
    }


def ensure_present(api: Api, plan: Plan, bucket: str, options: dict[str, Any]) -> None:
    """Make a bucket or repair what differs."""
    label = f"bucket {bucket}"
    wanted = wanted_of(bucket, options)
    if exists(api, bucket):
        current = read(api, bucket, options["tags"])
        others = current.pop("other_tags")
        plan.record(label, current, wanted)
    else:
        current, others = {}, {}
        plan.record(label, None, wanted)
        place = {}
        if options["region"] != "us-east-1":
            place = {"CreateBucketConfiguration": {"LocationConstraint": options["region"]}}
        api.write(
            "create_bucket",
            label,
            Bucket=bucket,
            ObjectOwnership="BucketOwnerEnforced",
            **place,
        )
    for field, (operation, arguments) in _puts(wanted, others).items():
        if current.get(field) != wanted[field]:
            api.write(operation, label, Bucket=bucket, **arguments)


def _puts(
    wanted: dict[str, Any], other_tags: dict[str, str]
) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return the call that sets each field, in the order in which they are safe."""
    encryption = {
        "ApplyServerSideEncryptionByDefault": wanted["encryption"],
        "BucketKeyEnabled": wanted["encryption"]["SSEAlgorithm"] == "aws:kms",
    }
    lifecycle: tuple[str, dict[str, Any]] = ("delete_bucket_lifecycle", {})
    if wanted["lifecycle"]:
        lifecycle = (
            "put_bucket_lifecycle_configuration",
            {"LifecycleConfiguration": {"Rules": wanted["lifecycle"]}},
        )
    return {
        "public_access_block": (
            "put_public_access_block",
            {"PublicAccessBlockConfiguration": wanted["public_access_block"]},
        ),
        "ownership": (
            "put_bucket_ownership_controls",
            {"OwnershipControls": {"Rules": [{"ObjectOwnership": wanted["ownership"]}]}},
        ),
        "encryption": (
            "put_bucket_encryption",
            {"ServerSideEncryptionConfiguration": {"Rules": [encryption]}},
        ),
        "versioning": (
            "put_bucket_versioning",
            {"VersioningConfiguration": {"Status": wanted["versioning"]}},
        ),
        "policy": ("put_bucket_policy", {"Policy": json.dumps(wanted["policy"])}),
        "lifecycle": lifecycle,
        # This call replaces all tags: those of others are sent along.
        "tags": (
            "put_bucket_tagging",
            {"Tagging": {"TagSet": tag_list({**other_tags, **wanted["tags"]})}},
        ),
    }


def ensure_absent(api: Api, plan: Plan, bucket: str, destroy_data: bool) -> bool:
    """Delete a bucket; one that holds data is kept unless `destroy_data`. Return whether kept."""
    label = f"bucket {bucket}"
    if not exists(api, bucket):
        return False
    versions = _versions(api, label, bucket)
    if versions and not destroy_data:
        return True
    plan.record(label, {"objects_and_versions": len(versions)}, None)
    while versions:
        for start in range(0, len(versions), BATCH):
            answer = api.write(
                "delete_objects",
                label,
                Bucket=bucket,
                Delete={"Objects": versions[start : start + BATCH], "Quiet": True},
            )
            if refused := answer.get("Errors"):
                raise AwsError(
                    f"{label}: AWS kept {len(refused)} objects, the first {refused[0]['Key']!r} "
                    f"because {refused[0].get('Message')}. Look for a lock or a deny policy."
                )
        if api.check_mode:
            break
        versions = _versions(api, label, bucket)
    for upload in api.pages("list_multipart_uploads", "Uploads", label, Bucket=bucket):
        api.write(
            "abort_multipart_upload",
            label,
            Bucket=bucket,
            Key=upload["Key"],
            UploadId=upload["UploadId"],
        )
    api.write("delete_bucket", label, NO_BUCKET, Bucket=bucket)
    return False


def _versions(api: Api, label: str, bucket: str) -> list[dict[str, str]]:
    """Return key and version of all objects and delete markers."""
    return [
        {"Key": item["Key"], "VersionId": item["VersionId"]}
        for key in ("Versions", "DeleteMarkers")
        for item in api.pages("list_object_versions", key, label, Bucket=bucket)
    ]
