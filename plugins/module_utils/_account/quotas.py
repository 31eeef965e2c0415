# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Quotas that a new account meets first: VPCs, and vCPUs that run on demand.

AWS makes a node group for twenty minutes before it says that no node may start.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ..aws import tag_dict
from ..reconcile import Api
from .caller import Connect
from .wishes import Wishes

VPCS = ("vpc", "L-F678F1CE")
CPUS = ("ec2", "L-1216C47A")
"""Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances, in vCPUs."""
APART = {"dl", "f", "g", "gr", "hpc", "inf", "mac", "p", "trn", "u", "vt", "x"}
"""Families that have a quota of their own."""


def standard(kind: str) -> bool:
    """Whether an instance type counts towards the quota of the standard families."""
    family = re.match(r"[a-z]+", kind)
    return family is not None and family.group() not in APART


def vpc_problems(connect: Connect, wishes: Wishes) -> list[str]:
    """Return what is wrong if the account may have no further VPC."""
    if not wishes.network:
        return []
    found = connect("ec2").pages("describe_vpcs", "Vpcs", f"VPCs in {wishes.region}")
    if any(wishes.tags.items() <= tag_dict(item.get("Tags")).items() for item in found):
        return []
    most = _quota(connect, VPCS, "the quota of VPCs")
    if most is None or len(found) < most:
        return []
    return [
        f"network: the account has {len(found)} VPCs in {wishes.region}, and may have {most}."
        " Delete one, request a higher quota (Service Quotas: VPCs per Region), or choose another"
        " region."
    ]


def cpu_problems(connect: Connect, wishes: Wishes, zones: int) -> list[str]:
    """Return what is wrong if the nodes need more vCPUs on demand than may run.

    zones: how many the platform has; a zonal group has its nodes in each.
    """
    wanted = _wanted(wishes.node_groups, zones)
    if not wanted:
        return []
    ec2 = connect("ec2")
    used = _running(ec2, wishes)
    sizes = _cpus(ec2, {*wanted, *(kind for kind, _ in used)})
    needed = sum(sizes.get(kind, 0) * number for kind, number in wanted.items())
    ours = sum(sizes.get(kind, 0) for kind, own in used if own)
    others = sum(sizes.get(kind, 0) for kind, own in used if not own)
    most = _quota(connect, CPUS, "the quota of vCPUs")
    if most is None or ours >= needed or others + needed <= most:
        return []
    return [
        f"eks: the node groups need {needed} on-demand vCPUs at the start. The quota in"
        f" {wishes.region} is {most}, of which {others} are used for other purposes. Request a"
        " higher quota (Service Quotas: Running On-Demand Standard instances), or choose smaller"
        " or fewer nodes."
    ]


def _wanted(groups: Sequence[Mapping[str, Any]], zones: int) -> dict[str, int]:
    """Nodes by instance type with which the groups begin; of each the type that is preferred."""
    found: dict[str, int] = {}
    for group in groups:
        kind = next(iter(group["instance_types"]), "")
        if group["nodes"] and standard(kind):
            number = group["nodes"] * (max(zones, 1) if group["zonal"] else 1)
            found[kind] = found.get(kind, 0) + number
    return found


def _running(ec2: Api, wishes: Wishes) -> list[tuple[str, bool]]:
    """The standard instances that run on demand: type, and whether it is a node of ours."""
    states = {"Name": "instance-state-name", "Values": ["pending", "running"]}
    reservations = ec2.pages(
        "describe_instances", "Reservations", f"instances in {wishes.region}", Filters=[states]
    )
    return [
        (item["InstanceType"], tag_dict(item.get("Tags")).get("eks:cluster-name") == wishes.name)
        for reservation in reservations
        for item in reservation["Instances"]
        if "InstanceLifecycle" not in item and standard(item["InstanceType"])
    ]


def _cpus(ec2: Api, kinds: Collection[str]) -> dict[str, int]:
    """vCPUs by instance type; types that the region lacks are told of elsewhere."""
    found = ec2.pages(
        "describe_instance_types",
        "InstanceTypes",
        "vCPUs of instance types",
        Filters=[{"Name": "instance-type", "Values": sorted(kinds)}],
    )
    return {item["InstanceType"]: int(item["VCpuInfo"]["DefaultVCpus"]) for item in found}


def _quota(connect: Connect, which: tuple[str, str], about: str) -> int | None:
    """A quota's value; None where AWS tells of none."""
    service, code = which
    answer = connect("service-quotas").read(
        "get_service_quota",
        about,
        ("NoSuchResourceException",),
        ServiceCode=service,
        QuotaCode=code,
    )
    value = answer.get("Quota", {}).get("Value")
    return None if value is None else int(value)
