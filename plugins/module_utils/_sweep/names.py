# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What is left in somebody's hosted zone: records of hosts that the platform claims."""

from __future__ import annotations

from .._dns import zone as zones
from .._dns.records import ADDRESSES, Records
from .._platform.read import Connect, Scope
from ..reconcile import Api
from .item import Item


def records(connect: Connect, scope: Scope, asked: str) -> list[Item]:
    """Return the claims of this platform, and the records that they tell of."""
    api = Api(connect("route53"), check_mode=True)
    zone = zones.find(api, asked)
    if zone is None:
        return []
    known = Records(api, zone, {"Project": scope.project, "Environment": scope.environment})
    found = []
    for claim in known.own_claims():
        there = [*known.at(claim.name, "TXT"), *known.at(f"{claim.host}.", *ADDRESSES)]
        there += known.at(claim.validation, "CNAME") if claim.validation else []
        found += [
            Item(
                "app_rollout",
                "route53",
                "record",
                f"{each['Type']} {each['Name'].rstrip('.')} in {zone.id}",
                False,
                f"claimed by {claim.label}",
            )
            for each in there
        ]
    return found
