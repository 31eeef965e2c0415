# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Which architecture an instance type has, by its name, and what does not go with it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

ARM = re.compile(r"(a1|[a-z]+[0-9]+g[a-z]*)(-[a-z0-9]+)?")
"""Families with AWS's own processors: a1, and those with a g after the generation (m7g, c7gn)."""
ARM_64, X86_64 = "arm64", "x86_64"
NAMES = {"amd64": X86_64, "arm64": ARM_64}
"""As container images and Kubernetes call them."""
IMAGE = "AL2023_x86_64_STANDARD"
"""Of a node group that names none."""


def architecture(instance_type: str) -> str:
    """Return the architecture of a family (m7g) or a type of it (m7g.large)."""
    return ARM_64 if ARM.fullmatch(instance_type.partition(".")[0]) else X86_64


def group_problems(label: str, group: Mapping[str, Any]) -> Iterator[str]:
    """Yield what EKS refuses: types of another architecture than the image of a node group."""
    image, wanted = str(group.get("ami_type") or IMAGE), of_image(group)
    others = [kind for kind in group.get("instance_types") or [] if architecture(kind) != wanted]
    if others:
        yield (
            f"{label}: instance_types has {', '.join(others)} ({architecture(others[0])}), and"
            f" ami_type is {image}. Image and instance types must have the same architecture."
        )


def of_image(group: Mapping[str, Any]) -> str:
    return ARM_64 if "_ARM_64_" in str(group.get("ami_type") or IMAGE) else X86_64


def pool_problems(pool: Mapping[str, Any]) -> Iterator[str]:
    """Yield families of a pool of Karpenter's that have none of its architectures."""
    wanted = {NAMES.get(str(each)) for each in pool.get("architectures") or ["amd64"]}
    families = [str(each) for each in pool.get("instance_families") or []]
    if families and not any(architecture(family) in wanted for family in families):
        yield (
            f"instance_families has {', '.join(families)}, none of which has the architectures"
            f" {', '.join(map(str, pool.get('architectures') or ['amd64']))}, so it could not"
            " create nodes"
        )
