# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What the cluster's inputs must be."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from typing import Any

from .._inputs import access, forms, kubernetes, machines, versions
from .._inputs.rules import PLATFORMS, Inputs, Rules, Run
from . import addon_inputs, service_addresses

MOST_NODES = 450
"""AWS's quota of nodes in a managed node group."""
SMALLEST_DISK = 20
"""GiB of EKS's images for nodes: EC2 makes no disk that is smaller than its image."""
LARGEST_DISK = 16384
"""GiB of a gp3 volume."""
MOST_TYPES, MOST_LABELS, MOST_BLOCKS = 20, 50, 40
"""What EKS takes of a node group's instance types, of its labels and taints, and of the blocks that
reach the public endpoint."""
LONGEST_NAME = 63
"""Characters that AWS takes of a node group's name."""
PRINCIPAL = re.compile(r"\{caller\}|arn:aws[\w-]*:iam::[0-9]{12}:(role|user)/.+")
ADDON = forms.pattern(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}", "an add-on's name, such as vpc-cni")
ADDON_VERSION = forms.pattern(
    r"|v\d+\.\d+\.\d+-eksbuild\.\d+", "a version such as v1.21.1-eksbuild.1"
)
ROLES = ("-eks-cluster", "-eks-nodes", "-eks-vpc-cni", "-eks-ebs-csi")
"""What the names of its IAM roles end in."""
POLICY = re.compile(r"arn:aws[\w-]*:eks::aws:cluster-access-policy/\w+|Amazon\w+")


def problems(inputs: Inputs, run: Run) -> Iterator[str]:
    """Yield what is wrong with the inputs of role eks."""
    yield from _version(str(inputs.get("eks_version", "")), run.today)
    yield from _endpoint(inputs, run.environment)
    groups = list(inputs.get("eks_node_groups", []))
    if inputs.get("eks_spot_group_enabled"):
        groups.append(inputs.get("eks_spot_group", {}))
    if not groups:
        yield "eks: eks_node_groups is empty, so no pod could run. Add at least one node group."
    names = [str(group.get("name")) for group in groups]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"eks: eks_node_groups has {name} twice. Give each group a different name."
    yield from _zonal(groups, names)
    for group in groups:
        yield from _node_group(group)
        yield from _nodes(group)
    yield from addon_inputs.problems(inputs)
    for entry in inputs.get("eks_access_entries", []):
        yield from _access(entry)
    yield from service_addresses.problems(inputs, run.of("network"))


def _version(version: str, today: str) -> Iterator[str]:
    creatable = versions.creatable_eks(today)
    if version not in creatable:
        known = versions.EKS.get(version)
        fate = (
            f"retired on {known[1]}"
            if known
            else ("does not offer, as far as this version of the collection knows")
        )
        yield (
            f"eks: eks_version is {version}, which AWS {fate}. Can be created on {today}: "
            f"{', '.join(creatable)}."
        )


def warnings(inputs: Inputs, run: Run) -> Iterator[str]:
    """Yield what is allowed but costs more."""
    today = run.today
    version = str(inputs.get("eks_version", ""))
    standard, extended = versions.EKS.get(version, ("", ""))
    if standard <= today < extended:
        yield (
            f"EKS {version} left standard support on {standard}. AWS charges the extended price"
            f" until {extended}, and then upgrades the cluster automatically. Set eks_version to"
            f" {versions.standard_eks(today)[-1]}."
        )


def _endpoint(inputs: Inputs, environment: str) -> Iterator[str]:
    ranges = inputs.get("eks_allowed_cidr_blocks", [])
    yield from access.opened(
        ranges,
        "eks_allowed_cidr_blocks",
        environment,
        inputs.get("eks_open_environments", ["dev"]),
    )
    for block in ranges:
        yield from _allowed(str(block))
    if len(ranges) > MOST_BLOCKS:
        yield (
            f"eks: eks_allowed_cidr_blocks has {len(ranges)} blocks, but EKS allows {MOST_BLOCKS}."
        )


def _allowed(block: str) -> Iterator[str]:
    """What EKS refuses of a block that may reach the public endpoint."""
    label = f"eks: eks_allowed_cidr_blocks has '{block}'"
    try:
        network = ipaddress.ip_network(block)
    except ValueError as error:
        yield f"{label}, which is not a CIDR block: {error}."
        return
    if network.version != 4:
        yield f"{label}. The public endpoint of an IPv4 cluster supports IPv4 blocks only."
    elif "/" not in block:
        yield f"{label}: give a block, such as {block}/32."
    elif network.prefixlen > access.OPEN_UP_TO and not network.is_global:
        yield (
            f"{label}, which is not a public CIDR block. The public endpoint of EKS admits public"
            " addresses only. Give the public address of your network."
        )


def _zonal(groups: list[Mapping[str, Any]], names: list[str]) -> Iterator[str]:
    """What AWS refuses of the names that groups have in their zones, which end in a letter."""
    for name in (str(group.get("name")) for group in groups if group.get("zonal")):
        if len(name) > LONGEST_NAME - 2:
            yield (
                f"eks: node group {name}: zonal adds the letter of the zone, so the name may have"
                f" at most {LONGEST_NAME - 2} characters. It has {len(name)}."
            )
        for other in names:
            if re.fullmatch(re.escape(name) + "-[a-z]", other):
                yield (
                    f"eks: node group {other} has the same name as the group that zonal creates"
                    f" for {name} in a zone. Rename one of them."
                )


def _node_group(group: Mapping[str, Any]) -> Iterator[str]:
    name = str(group.get("name"))
    label = f"eks: node group {name}"
    if re.fullmatch(rf"[A-Za-z0-9][A-Za-z0-9_-]{{0,{LONGEST_NAME - 1}}}", name) is None:
        yield (
            f"{label}: the name must be letters, digits, - and _, at most {LONGEST_NAME}"
            " characters."
        )
    low, high, wanted = (group.get(f"{which}_size") for which in ("min", "max", "desired"))
    if low is None or high is None:
        yield (
            f"{label}: min_size and max_size are required. The autoscaler chooses a size between"
            " them."
        )
        return
    if high < 1 or low > high or low < 0:
        yield f"{label}: min_size {low} is greater than max_size {high}."
    elif wanted is not None and not low <= wanted <= high:
        yield f"{label}: desired_size {wanted} is not between min_size {low} and max_size {high}."
    if high > MOST_NODES:
        yield (
            f"{label}: max_size {high} is above the AWS quota of {MOST_NODES}. Use two node groups."
        )
    for kind in group.get("instance_types") or []:
        if re.fullmatch(r"[a-z][a-z0-9-]*\.[a-z0-9-]+", kind) is None:
            yield f"{label}: '{kind}' is not an instance type. Give a type such as t3.medium."
    if not group.get("instance_types"):
        yield f"{label}: instance_types is empty. Give at least one type."
    yield from machines.group_problems(label, group)
    yield from _limits(label, group)


def _limits(label: str, group: Mapping[str, Any]) -> Iterator[str]:
    """What EKS refuses of numbers."""
    taken = {"instance_types": MOST_TYPES, "labels": MOST_LABELS, "taints": MOST_LABELS}
    for name, most in taken.items():
        if len(group.get(name) or []) > most:
            yield f"{label}: {name} has {len(group[name])} entries, but EKS allows {most}."
    kinds = group.get("instance_types") or []
    for kind in sorted({kind for kind in kinds if kinds.count(kind) > 1}):
        yield f"{label}: instance_types has {kind} twice. Remove one."
    for name in ("max_unavailable", "max_unavailable_percentage"):
        number = group.get(name)
        if number is not None and not 1 <= number <= 100:
            yield f"{label}: {name} is {number}, but AWS allows 1 to 100."
    if group.get("max_unavailable") and group.get("max_unavailable_percentage"):
        yield (
            f"{label}: max_unavailable and max_unavailable_percentage are both set. Set only one"
            " of them."
        )


def _nodes(group: Mapping[str, Any]) -> Iterator[str]:
    """What Kubernetes and EC2 refuse of a group's nodes."""
    label = f"eks: node group {group.get('name')}"
    yield from kubernetes.node_label_problems(label, group.get("labels") or {})
    yield from kubernetes.taint_problems(label, group.get("taints") or [])
    disk = group.get("disk_size")
    if disk is not None and disk < SMALLEST_DISK:
        yield (
            f"{label}: disk_size is {disk}, but the machine image needs {SMALLEST_DISK} GiB. Give"
            " at least that."
        )
    if disk is not None and disk > LARGEST_DISK:
        yield f"{label}: disk_size is {disk}, but a gp3 volume has at most {LARGEST_DISK} GiB."


def _access(entry: Mapping[str, Any]) -> Iterator[str]:
    principal = str(entry.get("principal_arn", ""))
    if PRINCIPAL.fullmatch(principal) is None:
        yield (
            f"eks: eks_access_entries has '{principal}'. Give the ARN of an IAM role or user, or "
            "{caller}."
        )
    for policy in entry.get("policies") or []:
        arn = str(policy.get("policy_arn", ""))
        if POLICY.fullmatch(arn) is None:
            yield (
                f"eks: eks_access_entries: '{arn}' is not an EKS access policy. Give a policy such"
                " as AmazonEKSViewPolicy."
            )


def owned(_: Inputs, __: Run) -> Iterator[tuple[str, ...]]:
    """Yield the names that somebody else may have already."""
    yield "cluster", ""
    for role in ROLES:
        yield "role", role


RULES = Rules(
    problems=problems,
    warnings=warnings,
    forms={
        "eks_addons.name": ADDON,
        "eks_addons.version": ADDON_VERSION,
        "eks_addons_before_nodes.name": ADDON,
        "eks_addons_before_nodes.version": ADDON_VERSION,
        "eks_kms_key_arn": forms.KEY_ARN,
        "eks_node_volume_kms_key_arn": forms.KEY_ARN,
    },
    owned=owned,
    key=lambda own: str(own.get("eks_kms_key_arn") or PLATFORMS),
    needs=("network",),
)
