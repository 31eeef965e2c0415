# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Whether somebody else has the platform's name, before anything is made.

Another platform (`a-b` with `c` is called as `a` with `b-c` is), or another tool. Only what has a
name of its own refuses that by itself. A VPC has none, and is made twice.
"""

from __future__ import annotations

from .. import ownership
from .._kms import find
from ..aws import AwsError, tag_dict
from .caller import Connect
from .wishes import Wishes


def taken(connect: Connect, wishes: Wishes) -> list[str]:
    """Return one text for each thing that has the platform's name and is somebody else's."""
    found = []
    for look in (_vpc, _key):
        try:
            look(connect, wishes)
        except ownership.NotOurs as error:
            found.append(f"platform_name: {error}")
    return found


def _vpc(connect: Connect, wishes: Wishes) -> None:
    """Refuse another's VPC of the name, unless ours stands beside it. Without tags it may."""
    named = {"Name": "tag:Name", "Values": [wishes.name]}
    about = f"VPC {wishes.name}"
    found = connect("ec2").pages("describe_vpcs", "Vpcs", about, Filters=[named])
    tags = {vpc["VpcId"]: tag_dict(vpc.get("Tags")) for vpc in found}
    if any(ownership.is_takeable(seen, wishes.tags) for seen in tags.values()):
        return
    for identity, seen in tags.items():
        wanted = {**wishes.tags, "Component": "network"}
        ownership.refuse_claimed(f"{about} ({identity})", seen, wanted)


def _key(connect: Connect, wishes: Wishes) -> None:
    """Refuse another's key behind the alias, unless role kms has one of ours to move it back to."""
    alias, kms = f"alias/{wishes.name}", connect("kms")
    if not (key := find.describe(kms, alias)):
        return
    label = f"KMS key {alias}"
    try:
        seen = find.tags_of(kms, label, key["KeyId"])
    except AwsError as error:
        if error.code in find.DENIED:
            return  # The component that uses it says which right is missing.
        raise
    if not ownership.is_takeable(seen, wishes.tags) and not find.lost(kms, alias, wishes.tags):
        ownership.refuse_others(label, seen, {**wishes.tags, "Component": "kms"})
