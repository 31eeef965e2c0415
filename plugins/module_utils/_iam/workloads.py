# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""The IAM role of a workload, and the ARNs of roles by what they are for. Pure: no call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

COMPONENT = "workload_identity"


def role_of(
    workload: str, hostvars: Mapping[str, Any], found: Mapping[str, str | None], way: str
) -> str:
    """Return the ARN of a workload's role, as its pods are told; empty without one.

    A role of this run comes first: IAM's list may not show it yet, and in a plan nobody made it.

    Args:
        workload: its name, with dashes.
        hostvars: variables of the component hosts.
        found: roles that module platform_info has found, by key.
        way: platform_workload_identity. Only with irsa pods are told their role.
    """
    if way != "irsa":
        return ""
    made: Mapping[str, str] = {}
    if COMPONENT in hostvars:
        made = hostvars[COMPONENT].get("workload_identity_result", {}).get("role_arns", {})
    return made.get(workload) or found.get(f"workload_{workload.replace('-', '_')}") or ""


def arns_of(
    roles: Iterable[Mapping[str, Any]], made: Mapping[str, str], prefix: str, key: str = "name"
) -> dict[str, str]:
    """Return the ARNs of roles by one of their fields.

    Args:
        roles: each with `name`, without the platform's prefix.
        made: ARNs by whole name, as module iam_roles returns them.
        prefix: what whole names begin with.
        key: field that they are returned by.
    """
    return {role[key]: made[f"{prefix}{role['name']}"] for role in roles}
