# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Sweep all services at the same time, and judge what was found."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

from .._platform.read import Connect, Scope
from ..aws import collect, tag_dict
from ..ownership import identity
from . import ec2, names, services
from .item import ENDING, Item, reason
from .lingering import is_there

Finder = Callable[[Connect, Scope], list[Item]]

FINDERS: Mapping[str, Finder] = {
    "ec2": ec2.ec2,  # first: EC2's client takes longest to build
    "elasticloadbalancing": ec2.load_balancers,
    "iam": services.iam,
    "kms": services.kms,
    "rds": services.rds,
    "rds_backups": services.backups,
    "elasticache": services.elasticache,
    "s3": services.s3,
    "eks": services.eks,
    "ecr": services.ecr,
    "secretsmanager": services.secrets,
    "logs": services.logs,
}

# What the finders describe of these services is all that they have of the platform. The tagging
# API also names what is gone for hours already (a terminated instance, a deleted gateway).
DESCRIBED = {
    "ec2",
    "ecr",
    "eks",
    "elasticache",
    "elasticloadbalancing",
    "iam",
    "kms",
    "logs",
    "rds",
    "s3",
    "secretsmanager",
}


def tagged(connect: Connect, scope: Scope) -> list[Item]:
    """What carries the platform's tags in any other service, as the tagging API names it."""
    filters = [
        [
            {"Key": key, "Values": [value]}
            for key, value in identity(scope.project, scope.environment).items()
        ],
        [{"Key": f"kubernetes.io/cluster/{scope.name}", "Values": ["owned"]}],
    ]
    about = f"what is tagged as {scope.name}"
    connection = connect("resourcegroupstaggingapi")
    listed = {
        mapping["ResourceARN"]: tag_dict(mapping["Tags"])
        for some in filters
        for mapping in collect(
            connection, "get_resources", "ResourceTagMappingList", about, TagFilters=some
        )
    }
    found = []
    for arn, tags in listed.items():
        service, kind = parse(arn)
        if service in DESCRIBED or not (why := reason(scope, tags)):
            continue
        if is_there(connect, service, arn):
            # What it costs is not known here; better said too often than too rarely.
            found.append(Item(service, service, kind, arn, True, why, data=True))
    return found


def parse(arn: str) -> tuple[str, str]:
    """(service, type) of an ARN: arn:aws:sns:eu-west-1:1:alarms is ("sns", "resource")."""
    parts = arn.split(":", 5)
    resource = parts[5] if len(parts) == 6 else ""
    kind = resource.replace(":", "/").split("/", 1)[0] if "/" in resource or ":" in resource else ""
    return parts[2] if len(parts) > 2 else "", kind or "resource"


def sweep(
    connect: Connect, scope: Scope, elsewhere: Connect | None = None, zone: str = ""
) -> list[Item]:
    """Everything of the platform, sorted. Raises AwsError: the first finder's failure.

    elsewhere: clients of the region with the replicas of the buckets. The buckets there are
    among those of the account; their key and what is only tagged are that region's.
    zone: hosted zone with the application's records, by id or name; empty: none is read.
    """
    with ThreadPoolExecutor(max_workers=len(FINDERS) + 4) as pool:
        jobs = [pool.submit(finder, connect, scope) for finder in FINDERS.values()]
        jobs.append(pool.submit(tagged, connect, scope))
        if elsewhere:
            jobs += [pool.submit(finder, elsewhere, scope) for finder in (services.kms, tagged)]
        if zone:
            jobs.append(pool.submit(names.records, connect, scope, zone))
        found = {item for job in jobs for item in job.result()}
    return sorted(found, key=lambda item: (not item.billed, item.service, item.type, item.id))


def judge(items: Iterable[Item], survivors: Collection[str]) -> tuple[list[Item], list[Item]]:
    """(left, kept): kept is what ends by itself, and the data of the components in `survivors`."""
    left: list[Item] = []
    kept: list[Item] = []
    for item in items:
        on_purpose = item.state == ENDING or (item.data and item.component in survivors)
        (kept if on_purpose else left).append(item)
    return left, kept
