# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What only the account knows of a platform's inputs; all of it is asked at once.

A look returns what is wrong, one text each, that names the input and what to do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from ..aws import AwsError
from ..reconcile import Api
from . import endpoints, names, neighbours, offers, owned, quotas, zones
from .caller import Connect
from .wishes import Wishes


@dataclass
class Found:
    """What was found: the zones of the platform's subnets, what is wrong, and what is not there.

    missing: what components of the run need of those that take no part in it.
    """

    zones: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


def look(connect: Connect, wishes: Wishes) -> Found:
    """Ask the account about all wishes at once. Raises AwsError when AWS does not answer."""
    found = Found()
    ec2 = connect("ec2")
    with ThreadPoolExecutor(max_workers=8) as pool:
        others = [
            pool.submit(ask, connect, wishes)
            for ask in (
                names.taken,
                offers.database_problems,
                offers.address_problems,
                offers.replica_problems,
                quotas.vpc_problems,
            )
        ]
        others += [pool.submit(owned.taken, connect, wishes, each) for each in wishes.names]
        lacking = {
            maker: pool.submit(neighbours.LOOKS[maker], connect, wishes)
            for maker in sorted({need["maker"] for need in wishes.neighbours})
        }
        if wishes.network or wishes.node_groups:
            there = pool.submit(zones.read, ec2, wishes.region)
            subnets = pool.submit(_subnets, ec2, wishes)
            where = pool.submit(_offers, ec2, wishes.node_groups)
            found.problems += _zone_problems(found, wishes, there.result(), subnets.result())
            served = pool.submit(endpoints.zones_of, ec2, wishes)
            found.problems += endpoints.problems(wishes, found.zones, served.result())
            cpus = pool.submit(quotas.cpu_problems, connect, wishes, len(found.zones))
            found.problems += _type_problems(wishes, found.zones, there.result(), where.result())
            found.problems += cpus.result()
        found.problems += [text for each in others for text in each.result()]
        found.missing += neighbours.missing(
            wishes, {maker: what.result() for maker, what in lacking.items()}
        )
    return found


def _subnets(ec2: Api, wishes: Wishes) -> list[str]:
    """Zones in which the platform has subnets, in the order of their names."""
    filters = [{"Name": f"tag:{key}", "Values": [value]} for key, value in wishes.tags.items()]
    names = {"Name": "tag:Name", "Values": [f"{wishes.name}-private-*"]}
    items = ec2.pages(
        "describe_subnets", "Subnets", f"subnets of {wishes.name}", Filters=[*filters, names]
    )
    by_name = {
        next(tag["Value"] for tag in item["Tags"] if tag["Key"] == "Name"): item for item in items
    }
    return [str(by_name[name]["AvailabilityZone"]) for name in sorted(by_name)]


def _zone_problems(
    found: Found, wishes: Wishes, there: Sequence[zones.Zone], taken: list[str]
) -> Iterator[str]:
    """Note the platform's zones; yield what is wrong with them."""
    if not wishes.network:
        found.zones = taken
        return
    named: list[str] = wishes.network["availability_zones"]
    if named:
        found.zones = named
        if wrong := zones.refused(there, named, taken, "network_availability_zones"):
            yield f"network: {wrong}"
        return
    count = wishes.network["zone_count"]
    try:
        places = [*taken, *[None] * (count - len(taken))]
        found.zones = zones.choose(there, places, wishes.region, "network_zone_count")
    except AwsError as error:
        yield f"network: {error}"


def _offers(ec2: Api, groups: Sequence[Mapping[str, Any]]) -> dict[str, set[str]]:
    """Zones by instance type, of all types that node groups name."""
    types = sorted({kind for group in groups for kind in group["instance_types"]})
    if not types:
        return {}
    offers = ec2.pages(
        "describe_instance_type_offerings",
        "InstanceTypeOfferings",
        f"where {', '.join(types)} are offered",
        LocationType="availability-zone",
        Filters=[{"Name": "instance-type", "Values": types}],
    )
    found: dict[str, set[str]] = {kind: set() for kind in types}
    for offer in offers:
        found[offer["InstanceType"]].add(offer["Location"])
    return found


def _type_problems(
    wishes: Wishes,
    platform: Sequence[str],
    there: Sequence[zones.Zone],
    offers: Mapping[str, set[str]],
) -> Iterator[str]:
    """Yield the node groups that can't start a node in one of the platform's zones."""
    for group in wishes.node_groups:
        kinds = group["instance_types"]
        for kind in kinds:
            if not offers[kind]:
                yield (
                    f"eks: node group {group['name']}: AWS offers no {kind} in {wishes.region}. "
                    "Choose another instance type."
                )
        offered = set().union(*(offers[kind] for kind in kinds))
        lacking = [zone for zone in platform if offered and zone not in offered]
        if lacking:
            fit = [name for name in zones.usable(there) if name in offered]
            yield (
                f"eks: node group {group['name']}: AWS offers no {' or '.join(kinds)} in"
                f" {', '.join(lacking)}. Choose other instance types, or set"
                " network_availability_zones to zones that have them:"
                f" {', '.join(fit) or 'there is none'}."
            )
