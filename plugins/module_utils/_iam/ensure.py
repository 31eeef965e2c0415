# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Make, change and delete IAM roles."""

from __future__ import annotations

import json

from .. import ownership
from ..aws import Dict
from ..reconcile import Api, Plan, missing_tags, tag_list
from . import bound
from .transform import about, after, shape

GONE = ("NoSuchEntity",)


def read(api: Api, name: str) -> tuple[str, Dict] | None:
    """(ARN, shape) of a role; None without one. Raises AwsError."""
    label = about(name)
    role = api.read("get_role", label, missing=GONE, RoleName=name).get("Role")
    if role is None:
        return None
    inline: dict[str, Dict] = {}
    for policy in api.pages("list_role_policies", "PolicyNames", label, RoleName=name):
        which = {"RoleName": name, "PolicyName": str(policy)}
        found = api.read("get_role_policy", f"policy {policy} of {label}", **which)
        inline[str(policy)] = found["PolicyDocument"]
    listed = api.pages("list_attached_role_policies", "AttachedPolicies", label, RoleName=name)
    return str(role["Arn"]), shape(role, inline, [entry["PolicyArn"] for entry in listed])


def ensure_present(api: Api, plan: Plan, name: str, target: Dict) -> str | None:
    """Make the role or change what differs; return its ARN, None when it is still to be made.

    Raises:
        AwsError: AWS refused, or the role is somebody else's (see `ownership`).
    """
    found = read(api, name)
    arn, before = found or (None, None)
    if before is not None:
        ownership.refuse_others(about(name), before["tags"], target["tags"])
    wanted = after(name, before, target)
    if not plan.record(about(name), before, wanted):
        return arn
    if before is None:
        arn = create(api, name, wanted)
        before = {**wanted, "policies": {}, "managed_policies": []}
    update_role(api, name, before, wanted)
    update_policies(api, name, before, wanted)
    return arn


def create(api: Api, name: str, wanted: Dict) -> str | None:
    """Make a role without policies; return its ARN, None in check mode."""
    optional = {
        "Description": wanted["description"],
        "PermissionsBoundary": wanted["permissions_boundary"],
        "Tags": tag_list(wanted["tags"]),
    }
    made = api.create(
        "create_role",
        about(name),
        lambda: api.read("get_role", about(name), GONE, RoleName=name) or None,
        RoleName=name,
        Path=wanted["path"],
        AssumeRolePolicyDocument=json.dumps(wanted["trust"]),
        MaxSessionDuration=wanted["max_session_duration"],
        **{key: value for key, value in optional.items() if value},
    )
    return str(made["Role"]["Arn"]) if made else None


def update_role(api: Api, name: str, before: Dict, wanted: Dict) -> None:
    """Bring trust, boundary, tags and the role's own settings to their state."""
    label = about(name)
    bound.settle(api, name, before["permissions_boundary"], wanted["permissions_boundary"])
    if before["trust"] != wanted["trust"]:
        document = json.dumps(wanted["trust"])
        api.write("update_assume_role_policy", label, RoleName=name, PolicyDocument=document)
    keys = ("description", "max_session_duration")
    if any(before[key] != wanted[key] for key in keys):
        api.write(
            "update_role",
            label,
            RoleName=name,
            Description=wanted["description"],
            MaxSessionDuration=wanted["max_session_duration"],
        )
    if tags := missing_tags(before["tags"], wanted["tags"]):
        api.write("tag_role", label, RoleName=name, Tags=tag_list(tags))


def update_policies(api: Api, name: str, before: Dict, wanted: Dict) -> None:
    """Set and remove policies. What is too much goes first, so that no limit is hit."""
    label = about(name)
    for key in sorted(set(before["policies"]) - set(wanted["policies"])):
        api.write("delete_role_policy", label, missing=GONE, RoleName=name, PolicyName=key)
    for arn in sorted(set(before["managed_policies"]) - set(wanted["managed_policies"])):
        api.write("detach_role_policy", label, missing=GONE, RoleName=name, PolicyArn=arn)
    for key, document in wanted["policies"].items():
        if before["policies"].get(key) != document:
            which = {"RoleName": name, "PolicyName": key}
            api.write("put_role_policy", label, **which, PolicyDocument=json.dumps(document))
    for arn in sorted(set(wanted["managed_policies"]) - set(before["managed_policies"])):
        api.write("attach_role_policy", label, RoleName=name, PolicyArn=arn)


def ensure_absent(api: Api, plan: Plan, name: str, tags: Dict) -> None:
    """Delete the role with its policies if it exists and is ours.

    tags: those that say whose it is; without them it is deleted whoever it belongs to.

    Raises:
        AwsError: AWS refused, or the role's tags are not ours.
    """
    found = read(api, name)
    if found is None:
        return
    before = found[1]
    if ownership.proof(tags):
        ownership.require_ours(about(name), before["tags"], tags)
    plan.record(about(name), before, None)
    update_policies(api, name, before, {**before, "policies": {}, "managed_policies": []})
    api.write("delete_role", about(name), missing=GONE, RoleName=name)
