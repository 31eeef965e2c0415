# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Whether another platform has the name: `a-b` with `c` is called as `a` with `b-c` is.

Only what has a name of its own refuses that by itself. A VPC has none, and is made twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .. import ownership
from .._kms import find
from ..aws import AwsError, tag_dict
from .caller import Connect

if TYPE_CHECKING:
    from .look import Wishes

MARK = {"Name": "tag:ManagedBy", "Values": ["ragops.platform"]}


def taken(connect: Connect, wishes: Wishes) -> list[str]:
    """Return one text if another platform has this one's name; which of its resources says so."""
    for label, tags in _named(connect, wishes):
        try:
            ownership.refuse_claimed(label, tags, wishes.tags)
        except AwsError as error:
            return [f"platform_name: {error}"]
    return []


def _named(connect: Connect, wishes: Wishes) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield what has the name, with its tags."""
    named = {"Name": "tag:Name", "Values": [wishes.name]}
    about = f"VPC {wishes.name}"
    for vpc in connect("ec2").pages("describe_vpcs", "Vpcs", about, Filters=[MARK, named]):
        yield f"{about} ({vpc['VpcId']})", tag_dict(vpc.get("Tags"))
    alias = f"alias/{wishes.name}"
    if key := find.describe(connect("kms"), alias):
        tags = find.tags_of(connect("kms"), f"KMS key {alias}", key["KeyId"], find.DENIED)
        yield f"KMS key {alias}", tags
