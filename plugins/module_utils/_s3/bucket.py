# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Bring one private bucket to its state."""

from __future__ import annotations

from typing import Any

from .. import ownership, policies
from ..aws import AwsError, Dict, tag_dict, wait_until
from ..reconcile import Api, Plan, tag_list
from .transform import SIDS, Wish, normal_rules, state

NO_BUCKET = ("404", "NoSuchBucket", "NotFound")


def region_of(api: Api, wish: Wish) -> str | None:
    """Return the region of a bucket of this account; None if there is no such bucket.

    Raises:
        AwsError: the name is taken by another account.
    """
    try:
        answer = api.read("head_bucket", wish.label, NO_BUCKET, **wish.which)
    except AwsError as error:
        if error.code == "403":
            raise taken(wish) from error
        raise
    if not answer:
        return None
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    return str(headers.get("x-amz-bucket-region") or wish.region)


def taken(wish: Wish) -> AwsError:
    """Return the error for a bucket name that another account has."""
    return AwsError(
        f"{wish.label} exists. Either it belongs to another account, or the caller is not allowed"
        " to s3:ListBucket on it. Allow this action in the IAM policy of the caller. Otherwise"
        " choose another platform_project, because bucket names are unique across all accounts.",
        code="403",
    )


def ensure_present(api: Api, plan: Plan, wish: Wish, timeout: float) -> None:
    """Make a bucket or repair what differs.

    Raises:
        AwsError: it is another account's or platform's, or in another region.
    """
    region = region_of(api, wish)
    wanted = state(wish)
    current: Dict = {}
    tags: dict[str, str] = {}
    if region is None:
        plan.record(wish.label, None, wanted)
        _create(api, wish, timeout)
        current, tags = {"tags": wanted["tags"]}, {}
    else:
        _refuse_region(wish, region)
        current, tags = read(api, wish)
        ownership.refuse_others(wish.label, {**tags, **current["tags"]}, wish.tags)
        # AWS takes no policy that is open to anybody while public access is blocked.
        others = policies.without_open(current["policy"])
        wanted["policy"] = policies.merge(others, wanted["policy"], SIDS)
        if policies.same(current["policy"], wanted["policy"]):
            wanted["policy"] = current["policy"]
        plan.record(wish.label, current, wanted)
    for name, (operation, arguments) in _puts(wanted, tags).items():
        if name not in current or current[name] != wanted[name]:
            if region is None and wanted[name] is None:
                continue
            api.write(operation, wish.label, **wish.which, **arguments)


def read(api: Api, wish: Wish) -> tuple[Dict, dict[str, str]]:
    """Return the state of an existing bucket, and those of its tags that are not ours."""

    def get(operation: str, key: str, missing: tuple[str, ...] = ()) -> Any:
        return api.read(operation, wish.label, missing, **wish.which).get(key)

    owner = get(
        "get_bucket_ownership_controls", "OwnershipControls", ("OwnershipControlsNotFoundError",)
    )
    tags = tag_dict(get("get_bucket_tagging", "TagSet", ("NoSuchTagSet",)))
    rules = get("get_bucket_lifecycle_configuration", "Rules", ("NoSuchLifecycleConfiguration",))
    found = {
        "versioning": get("get_bucket_versioning", "Status"),
        "ownership": owner["Rules"][0]["ObjectOwnership"] if owner else None,
        "public_access_block": get(
            "get_public_access_block",
            "PublicAccessBlockConfiguration",
            ("NoSuchPublicAccessBlockConfiguration",),
        ),
        "encryption": _encryption(
            get(
                "get_bucket_encryption",
                "ServerSideEncryptionConfiguration",
                ("ServerSideEncryptionConfigurationNotFoundError",),
            )
        ),
        "policy": policies.parse(get("get_bucket_policy", "Policy", ("NoSuchBucketPolicy",))),
        "lifecycle": normal_rules(rules),
        "logging": get("get_bucket_logging", "LoggingEnabled"),
        "replication": _replication(
            get(
                "get_bucket_replication",
                "ReplicationConfiguration",
                ("ReplicationConfigurationNotFoundError",),
            )
        ),
        "tags": {key: tags[key] for key in wish.tags if key in tags},
    }
    return found, {key: value for key, value in tags.items() if key not in wish.tags}


def _encryption(configuration: Dict | None) -> Dict | None:
    if not configuration:
        return None
    rule = configuration["Rules"][0]
    default = rule.get("ApplyServerSideEncryptionByDefault", {})
    return {
        "algorithm": default.get("SSEAlgorithm"),
        "key": default.get("KMSMasterKeyID"),
        "bucket_key": bool(rule.get("BucketKeyEnabled")),
    }


def _replication(configuration: Dict | None) -> Dict | None:
    if not configuration:
        return None
    return {"Role": configuration["Role"], "Rules": normal_rules(configuration["Rules"])}


def _refuse_region(wish: Wish, region: str) -> None:
    if region != wish.region:
        raise AwsError(
            f"{wish.label} is in {region}, wanted is {wish.region}, and AWS cannot move a bucket."
            f" Nothing was changed. Run with region {region}, or copy its objects away and remove"
            " it."
        )


def _create(api: Api, wish: Wish, timeout: float) -> None:
    """Make the bucket with its tags in one call: a killed run leaves none without."""
    place = {"LocationConstraint": wish.region} if wish.region != "us-east-1" else {}

    def pending() -> str | None:
        try:
            api.write(
                "create_bucket",
                wish.label,
                ("BucketAlreadyOwnedByYou",),
                Bucket=wish.name,
                ObjectOwnership="BucketOwnerEnforced",
                CreateBucketConfiguration={**place, "Tags": tag_list(wish.tags)},
            )
        except AwsError as error:
            if error.code == "OperationAborted":
                return "AWS is still deleting a bucket with this name"
            if error.code == "BucketAlreadyExists":
                raise taken(wish) from error
            raise
        return None

    wait_until(wish.label, pending, timeout=timeout, interval=10)


def _puts(wanted: Dict, other_tags: dict[str, str]) -> dict[str, tuple[str, Dict]]:
    """Return the call that sets each field, in the order in which they are safe."""
    return {
        # This call replaces all tags: those of others are sent along.
        "tags": (
            "put_bucket_tagging",
            {"Tagging": {"TagSet": tag_list({**other_tags, **wanted["tags"]})}},
        ),
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
            {"ServerSideEncryptionConfiguration": {"Rules": [_rule(wanted["encryption"])]}},
        ),
        "versioning": (
            "put_bucket_versioning",
            {"VersioningConfiguration": {"Status": wanted["versioning"]}},
        ),
        "policy": ("put_bucket_policy", {"Policy": policies.text(wanted["policy"])}),
        "logging": (
            "put_bucket_logging",
            {
                "BucketLoggingStatus": {"LoggingEnabled": wanted["logging"]}
                if wanted["logging"]
                else {}
            },
        ),
        "lifecycle": _set_or_delete(
            wanted["lifecycle"],
            ("put_bucket_lifecycle_configuration", "delete_bucket_lifecycle"),
            {"LifecycleConfiguration": {"Rules": wanted["lifecycle"]}},
        ),
        "replication": _set_or_delete(
            wanted["replication"],
            ("put_bucket_replication", "delete_bucket_replication"),
            {"ReplicationConfiguration": wanted["replication"]},
        ),
    }


def _rule(encryption: Dict) -> Dict:
    key = {"KMSMasterKeyID": encryption["key"]} if encryption["key"] else {}
    return {
        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": encryption["algorithm"], **key},
        "BucketKeyEnabled": encryption["bucket_key"],
    }


def _set_or_delete(wanted: Any, operations: tuple[str, str], arguments: Dict) -> tuple[str, Dict]:
    return (operations[0], arguments) if wanted else (operations[1], {})
