# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What names, region, account and tags of a platform must be."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from ..components import ALL
from ..ownership import PROOF
from . import kubernetes, types
from .shared import SHARED

NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
BOUNDARY = re.compile(
    r"arn:(aws[a-z-]*|\{partition\}):iam::([0-9]{12}|\{account\}|aws):policy/[\w+=,.@/-]+"
)
REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-[0-9]")
OTHER_PARTITIONS = {
    "cn-": "aws-cn",
    "us-gov-": "aws-us-gov",
    "us-iso-": "aws-iso",
    "us-isob-": "aws-iso-b",
    "eu-isoe-": "aws-iso-e",
    "us-isof-": "aws-iso-f",
    "eusc-": "aws-eusc",
}
"""Partitions by the start of their regions' names."""
TAKEN = {"sg-": "EC2, for a security group,", "sthree-": "S3", "amzn-s3-demo-": "S3"}
"""Beginnings of names that services keep for themselves."""
TAGGABLE = re.compile(r"[\w .:/=+@-]*")
"""What every service takes in a tag: IAM and RDS are the strictest."""


def wrong_types(variables: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the types of the shared variables, and with survivors' names."""
    found = [
        text
        for name, option in SHARED.items()
        if name in variables
        for text in types.problems(option, variables[name], name)
    ]
    return found or [*_survivors(variables.get("platform_survivors", ()))]


def _survivors(names: Collection[str]) -> Iterator[str]:
    """Told before a destroy begins: platform_sweep, at its end, would refuse them."""
    holding = sorted(each.name for each in ALL if each.data)
    if unknown := sorted({*names} - {*holding}):
        yield (
            f"platform_survivors has {', '.join(unknown)}, which keep no data after destroy.yml."
            f" Allowed are {', '.join(holding)}."
        )


def problems(variables: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with the shared variables (platform_*)."""
    wrong = wrong_types(variables)
    # A value of the wrong type can't be judged further.
    if wrong:
        yield from wrong
        return
    for option in ("platform_project", "platform_environment"):
        value = str(variables.get(option, ""))
        if NAME.fullmatch(value) is None:
            yield (
                f"{option} is '{value}'. Use lower-case letters, digits and single dashes, with a"
                " letter first."
            )
    project = str(variables.get("platform_project", ""))
    for start, service in TAKEN.items():
        if project.startswith(start):
            yield (
                f"platform_project is '{project}': {service} does not accept names that begin with"
                f" {start}. Choose another name."
            )
    yield from kubernetes.namespace_problems(
        "platform_namespace", str(variables.get("platform_namespace", "rag"))
    )
    region = str(variables.get("platform_region", ""))
    yield from region_problems("platform_region", region)
    account = str(variables.get("platform_account_id") or "")
    if account and re.fullmatch(r"[0-9]{12}", account) is None:
        yield (
            f"platform_account_id is '{account}'. Give the 12 digits of an AWS account, in quotes,"
            " so that leading zeros are kept."
        )
    boundary = str(variables.get("platform_permissions_boundary") or "")
    if boundary and BOUNDARY.fullmatch(boundary) is None:
        yield (
            f"platform_permissions_boundary is '{boundary}': give the ARN of an IAM policy, such "
            "as arn:{partition}:iam::{account}:policy/ragops-dev-boundary."
        )
    yield from _tags(variables.get("platform_extra_tags") or {})


def region_problems(option: str, region: str) -> Iterator[str]:
    """Yield what is wrong with a region: its form, or another partition than `aws`.

    There addresses, images, versions and services differ, and nothing of that is proved.
    """
    if REGION.fullmatch(region) is None:
        yield f"{option} is '{region}': give a region such as us-east-1."
    for start, partition in OTHER_PARTITIONS.items():
        if region.startswith(start):
            yield (
                f"{option} is '{region}', a region of the partition {partition}. The platform"
                " supports, and is tested in, the partition aws only. Choose one of its regions."
            )


READ_BY_CONTROLLERS = ("kubernetes.io/", "k8s.io/", "karpenter.sh/", "elbv2.k8s.aws/", "eks:")
"""How tags begin by which EKS and the controllers of a cluster find what is theirs."""


def _tags(tags: Mapping[str, str]) -> Iterator[str]:
    for key, value in tags.items():
        # IAM takes Project and project for one key.
        if key.lower() in (own.lower() for own in PROOF):
            yield (
                f"platform_extra_tags sets {key}, by which the platform finds its resources."
                " Remove it."
            )
        elif key != next(other for other in tags if other.lower() == key.lower()):
            yield (
                f"platform_extra_tags has {key} twice, in different upper and lower case, which"
                " IAM treats as one key. Remove one."
            )
        elif key == "Name" or key.startswith(READ_BY_CONTROLLERS):
            own = "each resource has its own name"
            why = own if key == "Name" else "controllers of a cluster find their resources by it"
            yield f"platform_extra_tags sets {key} on everything, but {why}. Remove it."
        elif key.lower().startswith("aws:"):
            yield (
                f"platform_extra_tags has the key {key}, but the prefix aws: is reserved for"
                " AWS. Choose another key."
            )
        elif TAGGABLE.fullmatch(key + value) is None:
            yield (
                f"platform_extra_tags has '{key}: {value}', but AWS allows only letters, digits,"
                " spaces and _ . : / = + - @ in tags."
            )
        elif not 1 <= len(key) <= 128 or len(value) > 256:
            yield (
                f"platform_extra_tags: {key[:40]}... is too long. AWS allows 128 characters for a"
                " key and 256 for a value."
            )
    # Five are ours (Name among them), 50 is AWS's limit, S3 objects take ten.
    if len(tags) > 45:
        yield (
            f"platform_extra_tags has {len(tags)} tags, but at most 45 are possible in addition"
            " to the tags of the platform."
        )
