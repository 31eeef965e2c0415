# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Which availability zones an account has, and which of them the platform uses.

Letters are the account's own: zone b of one account is another's c, and some accounts lack one.
What EKS refuses is therefore known by the zone's id.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from ..aws import AwsError
from ..reconcile import Api

EKS_REFUSES = ("use1-az3", "usw1-az2", "cac1-az3")
"""Ids of zones in which EKS makes no control plane (EKS User Guide, network requirements)."""


@dataclass(frozen=True)
class Zone:
    """One availability zone. why_not: why nothing can be put there; empty if it can be."""

    name: str
    id: str
    why_not: str


def zone_of(item: dict[str, Any]) -> Zone:
    """Return a zone as DescribeAvailabilityZones tells it."""
    name, identity = str(item["ZoneName"]), str(item.get("ZoneId", ""))
    if item.get("ZoneType", "availability-zone") != "availability-zone":
        why = f"it is a {item['ZoneType']}"
    elif item.get("OptInStatus") == "not-opted-in":
        why = "the account has not enabled it"
    elif item.get("State") != "available":
        why = f"AWS calls it {item.get('State')}"
    elif identity in EKS_REFUSES:
        why = f"it is {identity}, in which EKS cannot create a cluster"
    else:
        why = ""
    return Zone(name, identity, why)


def read(api: Api, region: str) -> list[Zone]:
    """Return the zones of the region, by name, also those of no use. Raises AwsError."""
    found = api.read("describe_availability_zones", f"the availability zones of {region}")
    return sorted(map(zone_of, found["AvailabilityZones"]), key=lambda zone: zone.name)


def usable(zones: Collection[Zone]) -> list[str]:
    """Return the names of the zones in which everything can be put."""
    return [zone.name for zone in zones if not zone.why_not]


def refused(
    zones: Collection[Zone],
    wanted: Sequence[str],
    kept: Collection[str] = (),
    option: str = "availability_zones",
) -> str:
    """Return what is wrong with zones that somebody names; empty if nothing is.

    Args:
        zones: the account's.
        wanted: names of zones.
        kept: zones in which the platform is already.
        option: how the input is called.
    """
    known = {zone.name: zone.why_not for zone in zones}
    wrong = [
        f"{name}: {known.get(name, 'the account has no such zone')}"
        for name in wanted
        if name not in kept and known.get(name, "unknown")
    ]
    if not wrong:
        return ""
    return f"{option} has {'; '.join(wrong)}. Usable zones are {_listed(zones)}."


def _listed(zones: Collection[Zone]) -> str:
    return ", ".join(usable(zones)) or "none"


def choose(
    zones: Collection[Zone], places: Sequence[str | None], region: str, option: str = "zone_count"
) -> list[str]:
    """Return a zone for each place: the one that it has, else the first that is free.

    Args:
        zones: the account's.
        places: for each subnet of a tier the zone in which it lies; None where there is none yet.
        region, option: for the error.

    Raises:
        AwsError: the account has too few zones.
    """
    taken = {name for name in places if name}
    free = [name for name in usable(zones) if name not in taken]
    missing = sum(1 for name in places if not name)
    if missing > len(free):
        unfit = "; ".join(f"{zone.name}: {zone.why_not}" for zone in zones if zone.why_not)
        raise AwsError(
            f"{option} is {len(places)}, and in {region} this account has {_listed(zones)} that"
            f" can be used{f' ({unfit})' if unfit else ''}. Set {option} to fewer, or choose"
            " another region."
        )
    rest = iter(free)
    return [name or next(rest) for name in places]
