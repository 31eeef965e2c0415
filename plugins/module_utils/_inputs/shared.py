# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Types of the variables that are no role's input: group_vars/all.yml, and switches of a run."""

from __future__ import annotations

from typing import Any

_TEXT: dict[str, Any] = {"type": "str"}
_SWITCH: dict[str, Any] = {"type": "bool"}

SHARED: dict[str, dict[str, Any]] = {
    "platform_access": _TEXT,
    "platform_access_cidr_blocks": {"type": "list", "elements": "str"},
    "platform_account_id": _TEXT,
    "platform_bastion": _SWITCH,
    "platform_environment": _TEXT,
    "platform_extra_tags": {"type": "dict"},
    "platform_name": _TEXT,
    "platform_namespace": _TEXT,
    "platform_permissions_boundary": _TEXT,
    "platform_project": _TEXT,
    "platform_region": _TEXT,
    "platform_survivors": {"type": "list", "elements": "str"},
    "platform_sweep_retries": {"type": "int"},
    "platform_workload_identity": _TEXT,
    "confirm": _TEXT,
    "destroy_data": _SWITCH,
    "outputs_application": _SWITCH,
    "outputs_env_file": _TEXT,
    "outputs_file": _TEXT,
    "plan_fail_on_change": _SWITCH,
    "plan_file": _TEXT,
    "plan_goal": _TEXT,
    "promote_from": _TEXT,
    "promote_from_access": _TEXT,
    "promote_from_namespace": _TEXT,
    "promote_from_profile": _TEXT,
    "promote_from_region": _TEXT,
    "rotate": {"type": "list", "elements": "str"},
}
