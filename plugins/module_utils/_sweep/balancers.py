# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What Elastic Load Balancing still has."""

from __future__ import annotations

from typing import Any

from .._platform.scope import Connect, Scope
from ..aws import call, collect, tag_dict
from .item import Item, reason
from .vpcs import own_vpcs


def load_balancers(connect: Connect, scope: Scope) -> list[Item]:
    """Load balancers of all generations and target groups."""
    vpcs = own_vpcs(connect("ec2"), scope)
    modern, classic = connect("elbv2"), connect("elb")
    about = f"load balancers of {scope.name}"
    balancers = collect(modern, "describe_load_balancers", "LoadBalancers", about)
    groups = collect(modern, "describe_target_groups", "TargetGroups", about)
    old = collect(classic, "describe_load_balancers", "LoadBalancerDescriptions", about)
    arns = {item["LoadBalancerArn"]: item for item in balancers}
    arns |= {item["TargetGroupArn"]: item for item in groups}
    names = {item["LoadBalancerName"]: {**item, "VpcId": item.get("VPCId")} for item in old}
    tags = _tags_of(modern, "ResourceArns", "ResourceArn", list(arns), about)
    tags |= _tags_of(classic, "LoadBalancerNames", "LoadBalancerName", list(names), about)
    found = []
    for identity, item in {**arns, **names}.items():
        why = reason(scope, tags.get(identity, {}))
        if not why and item.get("VpcId") in vpcs:
            why = f"is in the VPC of the platform, {item['VpcId']}"
        if why:
            group = "TargetGroupArn" in item
            kind = "target_group" if group else "load_balancer"
            found.append(Item("network", "elasticloadbalancing", kind, identity, not group, why))
    return found


def _tags_of(
    connection: Any, argument: str, key: str, identities: list[str], about: str
) -> dict[str, dict[str, str]]:
    """Tags by ARN or name; AWS answers for twenty at a time."""
    found: dict[str, dict[str, str]] = {}
    for start in range(0, len(identities), 20):
        some = {argument: identities[start : start + 20]}
        answer = call(connection, "describe_tags", about, **some) or {}
        found |= {item[key]: tag_dict(item["Tags"]) for item in answer["TagDescriptions"]}
    return found
