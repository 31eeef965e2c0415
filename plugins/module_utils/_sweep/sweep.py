# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Sweep all services at the same time, and judge what was found."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from concurrent.futures import ThreadPoolExecutor

from .._platform.scope import Connect, Scope
from ..aws import collect, tag_dict
from ..components import ALL
from ..ownership import identity
from .ec2 import left as left_in_ec2
from .item import ENDING, Item, reason
from .lingering import is_there

DESCRIBED = frozenset(service for each in ALL for service in each.services)
"""What the finders describe of these services is all that they have of the platform. The tagging
API also names what is gone for hours already (a terminated instance, a deleted gateway)."""


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
        if is_there(connect, service, arn, ALL):
            # What it costs is not known here; better said too often than too rarely.
            found.append(Item(service, service, kind, arn, True, why, data=True))
    return found


def parse(arn: str) -> tuple[str, str]:
    """(service, type) of an ARN: arn:aws:sns:eu-west-1:1:alarms is ("sns", "resource")."""
    parts = arn.split(":", 5)
    resource = parts[5] if len(parts) == 6 else ""
    kind = resource.replace(":", "/").split("/", 1)[0] if "/" in resource or ":" in resource else ""
    return parts[2] if len(parts) > 2 else "", kind or "resource"


def sweep(connect: Connect, scope: Scope, elsewhere: Connect | None = None) -> list[Item]:
    """Everything of the platform, sorted. Raises AwsError: the first finder's failure.

    elsewhere: clients of the region with the replicas of the buckets. The buckets there are
    among those of the account; their key and what is only tagged are that region's.
    """
    finders = [finder for each in ALL for finder in each.leftovers]
    further = [tagged, *(finder for each in ALL for finder in each.elsewhere)] if elsewhere else []
    with ThreadPoolExecutor(max_workers=len(finders) + len(further) + 2) as pool:
        # First: EC2's client takes longest to build.
        jobs = [pool.submit(left_in_ec2, connect, scope, ALL)]
        jobs += [pool.submit(finder, connect, scope) for finder in (*finders, tagged)]
        if elsewhere:
            jobs += [pool.submit(finder, elsewhere, scope) for finder in further]
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
