# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""The permissions boundary of a role, where more than `iam_roles` makes roles."""

from __future__ import annotations

from ..reconcile import Api


def fill(given: str, partition: str, account: str) -> str | None:
    """Return the boundary's ARN with account and partition in it; None without one."""
    return given.replace("{partition}", partition).replace("{account}", account) or None


def settle(api: Api, role: str, before: str | None, wanted: str | None) -> None:
    """Bring a role's boundary to its state: first, since all that follows may need it."""
    label = f"IAM role {role}"
    if before == wanted:
        return
    if wanted:
        api.write("put_role_permissions_boundary", label, RoleName=role, PermissionsBoundary=wanted)
    else:
        api.write("delete_role_permissions_boundary", label, RoleName=role)
