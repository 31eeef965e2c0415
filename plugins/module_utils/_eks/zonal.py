# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Node groups of single zones: a volume of EBS can't leave its zone, and a group over several
zones starts its next node in a zone that nobody chose.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Dict = dict[str, Any]


def by_zone(
    groups: Sequence[Mapping[str, Any]],
    subnet_ids: Sequence[str],
    zones: Sequence[str],
    region: str,
) -> list[Dict]:
    """Return the groups as AWS has them, each with its `subnet_ids` and without `zonal`.

    Args:
        groups: as in the input eks_node_groups; one with `zonal` stands for one per zone.
        subnet_ids: subnets for nodes.
        zones: the zone of each of these.
        region: of the zones.
    """
    found: list[Dict] = []
    for group in groups:
        plain = {key: value for key, value in group.items() if key != "zonal"}
        if group.get("zonal"):
            found += _split(plain, subnet_ids, zones, region)
        else:
            found.append({**plain, "subnet_ids": list(subnet_ids)})
    return found


def _split(
    group: Dict, subnet_ids: Sequence[str], zones: Sequence[str], region: str
) -> Iterator[Dict]:
    for zone in sorted(set(zones)):
        mine = [name for name, its in zip(subnet_ids, zones, strict=True) if its == zone]
        yield {**group, "name": name_in(group["name"], zone, region), "subnet_ids": mine}


def name_in(name: str, zone: str, region: str) -> str:
    """Return a group's name in a zone: (milvus, us-east-1a) -> milvus-a."""
    return f"{name}-{zone.removeprefix(region).lstrip('-')}"
