# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What a destroy can leave of the application's names: records in a hosted zone, a certificate."""

from __future__ import annotations

from .._dns import zone as zones
from .._dns.records import ADDRESSES, Records
from .._platform.scope import Connect, Scope
from .._sweep.item import Item
from ..aws import call
from ..component import Component
from ..reconcile import Api


def leftovers(connect: Connect, scope: Scope) -> list[Item]:
    """Claims of this platform in somebody's hosted zone, and the records that they tell of."""
    if not scope.zone:
        return []
    api = Api(connect("route53"), check_mode=True)
    zone = zones.find(api, scope.zone)
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


def _certificate(connect: Connect, arn: str) -> bool:
    """Whether a certificate is there."""
    gone = ("ResourceNotFoundException",)
    about = f"certificate {arn}"
    found = call(connect("acm"), "describe_certificate", about, missing=gone, CertificateArn=arn)
    return found is not None


COMPONENT = Component("app_rollout", leftovers=(leftovers,), looks={"acm": _certificate})
