# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Remove a bucket, with what it holds if that is allowed: every version, marker and upload."""

from __future__ import annotations

from .. import ownership
from ..aws import AwsError, call, tag_dict
from ..reconcile import Api, Plan
from .bucket import NO_BUCKET, region_of
from .transform import Wish

BATCH = 1000
"""Versions that AWS lists, and deletes, in one call."""
ROUNDS = 3
"""How often a bucket is emptied that others still write to."""


def ensure_absent(api: Api, plan: Plan, wish: Wish, destroy_data: bool) -> bool:
    """Delete a bucket; one that holds data is kept unless `destroy_data`. Return whether kept.

    Raises:
        AwsError: it is not ours, AWS refuses to delete an object, or others keep writing.
    """
    if region_of(api, wish) is None:
        return False
    first = _page(api, wish)
    if first and not destroy_data:
        return True
    tags = api.read("get_bucket_tagging", wish.label, ("NoSuchTagSet",), **wish.which)
    ownership.require_ours(wish.label, tag_dict(tags.get("TagSet")), wish.tags)
    plan.record(wish.label, {"holds": _amount(len(first))}, None)
    if api.check_mode:
        return False
    for _ in range(ROUNDS):
        _empty(api, wish)
        if _delete(api, wish):
            return False
    raise AwsError(
        f"{wish.label} was emptied {ROUNDS} times and is still not empty. Something still writes"
        " to it (an application, or delayed access logs). Stop it, and run again."
    )


def _page(api: Api, wish: Wish) -> list[dict[str, str]]:
    """Return key and version of the first versions and delete markers, up to a batch."""
    page = (
        call(
            api.client,
            "list_object_versions",
            wish.label,
            missing=NO_BUCKET,
            MaxKeys=BATCH,
            **wish.which,
        )
        or {}
    )
    found = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
    return [{"Key": item["Key"], "VersionId": item["VersionId"]} for item in found]


def _empty(api: Api, wish: Wish) -> None:
    """Delete batch after batch: what is deleted leaves the first page to what follows."""
    while batch := _page(api, wish):
        answer = api.write(
            "delete_objects",
            wish.label,
            NO_BUCKET,
            Delete={"Objects": batch, "Quiet": True},
            **wish.which,
        )
        if refused := answer.get("Errors"):
            raise AwsError(
                f"{wish.label}: AWS kept {len(refused)} of {len(batch)} versions, the first of"
                f" {refused[0].get('Key')!r} because {refused[0].get('Message')}. Check for an"
                " object lock or a policy that denies the deletion, then run again."
            )
    uploads = api.pages("list_multipart_uploads", "Uploads", wish.label, NO_BUCKET, **wish.which)
    for upload in uploads:
        api.write(
            "abort_multipart_upload",
            wish.label,
            ("NoSuchUpload", *NO_BUCKET),
            Key=upload["Key"],
            UploadId=upload["UploadId"],
            **wish.which,
        )


def _delete(api: Api, wish: Wish) -> bool:
    """Delete the bucket and return whether it is gone; False when it isn't empty (any more)."""
    try:
        api.write("delete_bucket", wish.label, NO_BUCKET, **wish.which)
    except AwsError as error:
        if error.code == "BucketNotEmpty":
            return False
        raise
    return True


def _amount(count: int) -> str:
    if not count:
        return "nothing"
    more = "at least " if count >= BATCH else ""
    return f"{more}{count} versions and delete markers"
