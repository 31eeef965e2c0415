# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Buckets that belong together: those with data, the one with their access logs, their replicas."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..aws import AwsError, Dict
from ..reconcile import Api, Plan
from ..resources import iam_role
from . import absent, bucket, replication
from .transform import Replica, Wish, check_name

LOG_NONCURRENT_DAYS = 30


@dataclass(frozen=True)
class Place:
    """Where the buckets are and whose; keys are ARNs, None for SSE-S3."""

    region: str
    account: str
    partition: str
    kms_key_arn: str | None = None
    replica_key_arn: str | None = None


@dataclass(frozen=True)
class Group:
    """All buckets, and the replication role's name with what it may do (None without)."""

    buckets: list[Wish]
    logs: Wish | None
    replicas: list[Wish]
    role: str | None
    permissions: Dict
    boundary: str | None = None


def group_of(options: Mapping[str, Any], place: Place) -> Group:
    """Return the buckets that the module's options describe. Names may hold `{account}`.

    Raises:
        AwsError: a name or a number that AWS would refuse.
    """
    names = [name.replace("{account}", place.account) for name in options["names"]]
    replicas = _replicas(options, names, place)
    logs = _logs(options, names, place)
    for name in [*names, *(wish.name for wish in replicas), *([logs.name] if logs else [])]:
        check_name(name)
    if logs and logs.name in names:
        raise AwsError(
            f"access_logs.bucket is {logs.name}, which is also in names, so that it would log its"
            " own logs. Choose another name."
        )
    role = options["replication"]["role_name"] if replicas else None
    role_arn = f"arn:{place.partition}:iam::{place.account}:role/{role}"
    buckets = [
        _data(
            options,
            place,
            name=name,
            region=place.region,
            kms_key_arn=place.kms_key_arn,
            logs_to=logs.name if logs else None,
            replicate=Replica(
                replicas[index].arn, replicas[index].region, role_arn, place.replica_key_arn
            )
            if replicas
            else None,
        )
        for index, name in enumerate(names)
    ]
    given = (options["replication"] or {}).get("permissions_boundary") or ""
    boundary = iam_role.boundary_of(given, place.partition, place.account)
    return Group(buckets, logs, replicas, role, _permissions(buckets, replicas, place), boundary)


def ensure_present(
    connect: Callable[[str, str], Api], plan: Plan, group: Group, timeout: float
) -> None:
    """Make or repair all: what others point at comes first.

    connect: gives the Api of a service in a region.
    """
    for wish in [*([group.logs] if group.logs else []), *group.replicas]:
        bucket.ensure_present(connect("s3", wish.region), plan, wish, timeout)
    if group.role:
        wish = group.buckets[0]
        role = replication.role(group.role, group.permissions, wish.tags, group.boundary)
        iam_role.ensure_present(connect("iam", wish.region), plan, role)
    for wish in group.buckets:
        bucket.ensure_present(connect("s3", wish.region), plan, wish, timeout)


def ensure_absent(
    connect: Callable[[str, str], Api], plan: Plan, group: Group, destroy_data: bool
) -> list[str]:
    """Remove all that may go; return the names of the buckets that were kept.

    Access logs and the role stay as long as a bucket does that they serve.
    """

    def kept(wish: Wish) -> bool:
        api = connect("s3", wish.region)
        return absent.ensure_absent(api, plan, wish, destroy_data)

    left = [wish.name for wish in group.buckets if kept(wish)]
    if left:
        return left + ([group.logs.name] if group.logs else [])
    left = [wish.name for wish in group.replicas if kept(wish)]
    region = group.buckets[0].region
    if group.role:
        tags = group.buckets[0].tags
        iam_role.ensure_absent(connect("iam", region), plan, group.role, tags)
    if group.logs:
        # Nobody's data: they tell of buckets that are gone.
        absent.ensure_absent(connect("s3", region), plan, group.logs, destroy_data=True)
    return left


def _data(options: Mapping[str, Any], place: Place, **more: Any) -> Wish:
    return Wish(
        account=place.account,
        partition=place.partition,
        tags=options["tags"],
        transition_days=options["transition_days"],
        noncurrent_days=options["noncurrent_days"],
        abort_upload_days=options["abort_upload_days"],
        **more,
    )


def _replicas(options: Mapping[str, Any], names: list[str], place: Place) -> list[Wish]:
    wanted = options["replication"]
    if not wanted:
        return []
    region = wanted["region"]
    if region == place.region:
        raise AwsError(
            f"replication.region is {region}, which is also the region of the buckets. Choose"
            " another region."
        )
    return [
        _data(
            options,
            place,
            name=f"{name}-{region}",
            region=region,
            kms_key_arn=place.replica_key_arn,
        )
        for name in names
    ]


def _logs(options: Mapping[str, Any], names: list[str], place: Place) -> Wish | None:
    """S3 delivers access logs to buckets with SSE-S3 only, so this one has no key."""
    wanted = options["access_logs"]
    if not wanted:
        return None
    return Wish(
        name=wanted["bucket"].replace("{account}", place.account),
        region=place.region,
        account=place.account,
        partition=place.partition,
        tags=options["tags"],
        expire_days=wanted["expire_days"],
        noncurrent_days=LOG_NONCURRENT_DAYS,
        abort_upload_days=options["abort_upload_days"],
        logs_of=tuple(names),
    )


def _permissions(buckets: list[Wish], replicas: list[Wish], place: Place) -> Dict:
    if not replicas:
        return {}
    return replication.permissions(
        {wish.arn: copy.arn for wish, copy in zip(buckets, replicas, strict=True)},
        replication.Keys(place.kms_key_arn, place.replica_key_arn),
        (place.region, replicas[0].region),
    )
