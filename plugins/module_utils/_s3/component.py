# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""How the buckets are found, what a destroy can leave of them, and what of them needs a key."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from .._platform.outputs import Outputs
from .._platform.scope import Connect, Scope
from .._sweep.item import Item, reason
from ..aws import call, collect, tag_dict
from ..component import Component
from ..reconcile import Api

BUCKETS = ("documents", "embeddings")
GONE = ("404", "NoSuchBucket", "NotFound")


def read(connect: Connect, scope: Scope) -> dict[str, str | None]:
    """Names of the buckets that exist, by purpose."""
    connection = connect("s3")
    found: dict[str, str | None] = {}
    for purpose in BUCKETS:
        bucket = f"{scope.name}-{purpose}-{scope.account}"
        about = f"S3 bucket {bucket}"
        where = {"Bucket": bucket, "ExpectedBucketOwner": scope.account}
        there = call(connection, "head_bucket", about, missing=GONE, **where) is not None
        if there:
            missing = (*GONE, "NoSuchTagSet")
            tags = call(connection, "get_bucket_tagging", about, missing=missing, **where)
            scope.check_repairable(tag_dict((tags or {}).get("TagSet")), about)
        found[purpose] = bucket if there else None
    return found


def shape(raw: Mapping[str, str | None], _: str) -> dict[str, str | None]:
    """Bucket names by purpose."""
    return {purpose: raw.get(purpose) for purpose in BUCKETS}


def outputs(found: Mapping[str, str | None]) -> Outputs:
    """What people look up of the buckets."""
    return Outputs(
        lines={f"bucket {purpose}": name for purpose, name in sorted(found.items())},
        summary={"buckets": ", ".join(name for name in found.values() if name)},
        variables={f"S3_{purpose.upper()}_BUCKET": name for purpose, name in found.items()},
    )


def leftovers(connect: Connect, scope: Scope) -> list[Item]:
    """Buckets, by their tags; a name alone says nothing about who made them."""
    connection = connect("s3")
    ours = {f"{scope.name}-{purpose}-{scope.account}" for purpose in BUCKETS}
    found = []
    for bucket in collect(connection, "list_buckets", "Buckets", f"buckets of {scope.name}"):
        name = str(bucket["Name"])
        if not name.startswith(f"{scope.name}-"):
            continue
        # A stranger's bucket may have our prefix and forbid us to look: then it is not ours.
        denied = () if name in ours else ("AccessDenied",)
        if why := reason(scope, _bucket_tags(connection, name, denied)):
            found.append(Item("s3", "s3", "bucket", name, True, why, data=True))
    return found


def _bucket_tags(connection: Any, name: str, lenient: Collection[str]) -> dict[str, str]:
    """Tags of a bucket; none where it has none, or for an error of `lenient`."""
    missing = ("NoSuchTagSet", "NoSuchBucket", *lenient)
    answer = call(
        connection, "get_bucket_tagging", f"S3 bucket {name}", missing=missing, Bucket=name
    )
    return tag_dict((answer or {}).get("TagSet"))


def encrypted(connect: Callable[[str], Api], key_arn: str, buckets: Collection[str]) -> list[str]:
    """Tell which of the buckets hold data that a key encrypts; one that isn't there is left out."""
    s3 = connect("s3")
    return [f"bucket {name}" for name in buckets if _holds_data(s3, name, key_arn)]


def _holds_data(s3: Api, bucket: str, key_arn: str) -> bool:
    """Return whether a bucket encrypts with the key and holds any version of anything."""
    label = f"bucket {bucket}"
    answer = s3.read("get_bucket_encryption", label, GONE, Bucket=bucket)
    rules = answer.get("ServerSideEncryptionConfiguration", {}).get("Rules", [])
    keys = {
        rule.get("ApplyServerSideEncryptionByDefault", {}).get("KMSMasterKeyID") for rule in rules
    }
    if key_arn not in keys:
        return False
    # One page is enough, so no paginator: a bucket may hold millions.
    page: dict[str, Any] = (
        call(s3.client, "list_object_versions", label, missing=GONE, Bucket=bucket, MaxKeys=1) or {}
    )
    return bool(page.get("Versions") or page.get("DeleteMarkers"))


COMPONENT = Component(
    "s3",
    data=True,
    read=read,
    shape=shape,
    outputs=outputs,
    leftovers=(leftovers,),
    services=frozenset({"s3"}),
    encrypted=encrypted,
)
