# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""The instance profile by which an instance carries an IAM role."""

from __future__ import annotations

from typing import Any

from .. import ownership
from ..aws import tag_dict
from ..reconcile import Api, Plan, missing_tags, tag_list

GONE = ("NoSuchEntity",)
THERE = ("EntityAlreadyExists",)


def label_of(name: str) -> str:
    """Return how plans and errors call a profile."""
    return f"instance profile {name}"


def find(iam: Api, name: str) -> dict[str, Any] | None:
    """Return the profile, or None."""
    label = label_of(name)
    answer = iam.read("get_instance_profile", label, GONE, InstanceProfileName=name)
    found: dict[str, Any] | None = answer.get("InstanceProfile")
    return found


def ensure_present(iam: Api, plan: Plan, name: str, role: str, tags: dict[str, str]) -> None:
    """Make the profile with exactly this role."""
    label = label_of(name)
    wanted = {"role": role, "tags": tags}
    item = find(iam, name)
    if item is None:
        plan.record(label, None, wanted)
        iam.write(
            "create_instance_profile", label, THERE, InstanceProfileName=name, Tags=tag_list(tags)
        )
        held = None
    else:
        seen = tag_dict(item.get("Tags"))
        ownership.refuse_others(label, seen, tags)
        held = next(iter(_held(item)), None)
        shown = {key: seen[key] for key in tags if key in seen}
        plan.record(label, {"role": held, "tags": shown}, wanted)
        if missing := missing_tags(seen, tags):
            iam.write(
                "tag_instance_profile", label, InstanceProfileName=name, Tags=tag_list(missing)
            )
    if held == role:
        return
    if held:
        _take(iam, label, name, held)
    # AWS refuses the second one, though it says the same: it may be the first, sent once more.
    iam.create(
        "add_role_to_instance_profile",
        label,
        lambda: {} if role in _held(find(iam, name)) else None,
        InstanceProfileName=name,
        RoleName=role,
    )


def ensure_absent(iam: Api, plan: Plan, name: str, tags: dict[str, str]) -> None:
    """Delete the profile; its role stays."""
    label = label_of(name)
    item = find(iam, name)
    if item is None:
        return
    ownership.require_ours(label, tag_dict(item.get("Tags")), tags)
    plan.record(label, {"arn": item["Arn"]}, None)
    for role in _held(item):
        _take(iam, label, name, role)
    iam.write("delete_instance_profile", label, GONE, InstanceProfileName=name)


def _held(item: dict[str, Any] | None) -> list[str]:
    return [entry["RoleName"] for entry in (item or {}).get("Roles", [])]


def _take(iam: Api, label: str, name: str, role: str) -> None:
    iam.write(
        "remove_role_from_instance_profile", label, GONE, InstanceProfileName=name, RoleName=role
    )
