# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""In which availability zones a network's subnets go: as named, or chosen of the account's."""

from __future__ import annotations

from typing import Any

from .._account import zones
from ..aws import AwsError
from ..reconcile import Api
from . import layout
from .snapshot import Snapshot


def settle(api: Api, seen: Snapshot, options: dict[str, Any]) -> list[str]:
    """Return the zones of the network, in the order of its subnets.

    A subnet that exists stays where it is. AWS is asked for zones only when a subnet is missing.

    Args:
        api: EC2.
        seen: the network as it is.
        options: availability_zones (may be empty), zone_count, and what `layout` takes.

    Raises:
        AwsError: the account lacks the zones.
    """
    named: list[str] = options.get("availability_zones") or []
    places = _places(seen, {**options, "availability_zones": named or None})
    if named:
        new = [name for name in named if name not in places]
        if new and (wrong := zones.refused(zones.read(api, options["region"]), new)):
            raise AwsError(f"{wrong} Nothing was changed.")
        return named
    if all(places):
        return [str(zone) for zone in places]
    return zones.choose(zones.read(api, options["region"]), places, options["region"])


def _places(seen: Snapshot, options: dict[str, Any]) -> list[str | None]:
    """The zone of each place, by the blocks that its subnets have."""
    count = len(options["availability_zones"] or ()) or options["zone_count"]
    lies_in = {item["CidrBlock"]: str(item["AvailabilityZone"]) for item in seen.subnets}
    stand_ins = layout.stand_ins(count)
    wanted = layout.subnets({**options, "availability_zones": stand_ins})
    blocks = {place: [net.cidr for net in wanted if net.zone == place] for place in stand_ins}
    return [
        next((lies_in[cidr] for cidr in blocks[place] if cidr in lies_in), None)
        for place in stand_ins
    ]
