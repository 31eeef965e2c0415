# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""An IAM role with exactly the trust, policies and boundary that are wanted, and its removal."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from .. import ownership, policies
from ..aws import AwsError, Dict, tag_dict
from ..reconcile import Api, Plan, missing_tags, tag_list

GONE = ("NoSuchEntity",)
SHORTEST_SESSION = 3600
"""Seconds that AWS gives a session by default, and at least."""


@dataclass(frozen=True)
class Wanted:
    """How a role shall be.

    Args:
        name: its name.
        trust: the policy that says who may assume it.
        tags: tags to set; those of others stay.
        policies: its inline policies by name; it keeps no other.
        managed_policies: ARNs of the policies attached to it; it keeps no other.
        permissions_boundary: ARN of the policy that bounds it.
        path: which AWS can't change.
        description: what it is for.
        max_session_duration: seconds that a session may last.
    """

    name: str
    trust: Dict
    tags: Mapping[str, str]
    policies: Mapping[str, Dict] = field(default_factory=dict)
    managed_policies: Collection[str] = ()
    permissions_boundary: str | None = None
    path: str = "/"
    description: str = ""
    max_session_duration: int = SHORTEST_SESSION

    def state(self, current: Dict | None = None) -> Dict:
        """Return the state that is wanted: tags of others stay, documents that mean the same too.

        Raises:
            AwsError: the path differs, which AWS can't change.
        """
        seen: Dict = current or {"path": self.path, "trust": None, "policies": {}, "tags": {}}
        if seen["path"] != self.path:
            raise AwsError(
                f"{label_of(self.name)} has the path {seen['path']}. AWS cannot change it to"
                f" {self.path}. Keep the path, or remove the role first (the next run creates it"
                " again). Nothing was changed."
            )
        return {
            "path": self.path,
            "description": self.description,
            "max_session_duration": self.max_session_duration,
            "tags": {**seen["tags"], **self.tags},
            "trust": _kept(seen["trust"], self.trust),
            "policies": {
                name: _kept(seen["policies"].get(name), document)
                for name, document in self.policies.items()
            },
            "managed_policies": sorted(set(self.managed_policies)),
            "permissions_boundary": self.permissions_boundary,
        }


def label_of(name: str) -> str:
    """Return how plans and errors call a role."""
    return f"IAM role {name}"


def boundary_of(given: str, partition: str, account: str) -> str | None:
    """Return a boundary's ARN with account and partition in it; None without one."""
    return given.replace("{partition}", partition).replace("{account}", account) or None


def read(api: Api, name: str) -> tuple[str, Dict] | None:
    """Return ARN and state of a role; None without one."""
    label = label_of(name)
    role = api.read("get_role", label, GONE, RoleName=name).get("Role")
    if role is None:
        return None
    inline: dict[str, Dict] = {}
    for policy in api.pages("list_role_policies", "PolicyNames", label, RoleName=name):
        which = {"RoleName": name, "PolicyName": str(policy)}
        # IAM lists one for a moment after it was deleted.
        if found := api.read("get_role_policy", f"policy {policy} of {label}", GONE, **which):
            inline[str(policy)] = found["PolicyDocument"]
    attached = api.pages("list_attached_role_policies", "AttachedPolicies", label, RoleName=name)
    return str(role["Arn"]), {
        "path": role["Path"],
        "description": role.get("Description", ""),
        "max_session_duration": role.get("MaxSessionDuration", SHORTEST_SESSION),
        "tags": tag_dict(role.get("Tags")),
        "trust": role["AssumeRolePolicyDocument"],
        "policies": inline,
        "managed_policies": sorted(entry["PolicyArn"] for entry in attached),
        "permissions_boundary": role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
    }


def ensure_present(api: Api, plan: Plan, wanted: Wanted) -> str | None:
    """Make the role or change what differs; return its ARN, None when it is still to be made.

    Raises:
        AwsError: AWS refused, or the role is somebody else's (see `ownership`).
    """
    label = label_of(wanted.name)
    found = read(api, wanted.name)
    arn, current = found or (None, None)
    if current is not None:
        ownership.refuse_others(label, current["tags"], wanted.tags)
    target = wanted.state(current)
    if not plan.record(label, current, target):
        return arn
    if current is None:
        arn = _create(api, wanted.name, target)
        current = {**target, "policies": {}, "managed_policies": []}
    _update(api, wanted.name, current, target)
    _update_policies(api, wanted.name, current, target)
    return arn


def ensure_absent(api: Api, plan: Plan, name: str, tags: Mapping[str, str] | None) -> None:
    """Delete the role with its policies if it exists and is ours.

    Args:
        tags: those that say whose it is; None: it is deleted whoever it belongs to.

    Raises:
        AwsError: AWS refused, or the role's tags are not ours.
    """
    found = read(api, name)
    if found is None:
        return
    current = found[1]
    if tags is not None:
        ownership.require_ours(label_of(name), current["tags"], tags)
    plan.record(label_of(name), current, None)
    _update_policies(api, name, current, {**current, "policies": {}, "managed_policies": []})
    api.write("delete_role", label_of(name), GONE, RoleName=name)


def _kept(current: Dict | None, wanted: Dict) -> Dict:
    """Return the current document where AWS only spells it differently."""
    return current if current is not None and policies.same(current, wanted) else wanted


def _create(api: Api, name: str, target: Dict) -> str | None:
    """Make a role without policies; return its ARN, None in check mode."""
    optional = {
        "Description": target["description"],
        "PermissionsBoundary": target["permissions_boundary"],
        "Tags": tag_list(target["tags"]),
    }
    made = api.create(
        "create_role",
        label_of(name),
        lambda: api.read("get_role", label_of(name), GONE, RoleName=name) or None,
        RoleName=name,
        Path=target["path"],
        AssumeRolePolicyDocument=policies.text(target["trust"]),
        MaxSessionDuration=target["max_session_duration"],
        **{key: value for key, value in optional.items() if value},
    )
    return str(made["Role"]["Arn"]) if made else None


def _update(api: Api, name: str, current: Dict, target: Dict) -> None:
    """Bring boundary, trust, tags and the role's own settings to their state.

    The boundary goes first, since the caller may be allowed the rest on a bounded role only.
    """
    label = label_of(name)
    boundary = target["permissions_boundary"]
    if current["permissions_boundary"] != boundary and boundary:
        which = {"RoleName": name, "PermissionsBoundary": boundary}
        api.write("put_role_permissions_boundary", label, **which)
    elif current["permissions_boundary"] != boundary:
        api.write("delete_role_permissions_boundary", label, RoleName=name)
    if current["trust"] != target["trust"]:
        document = policies.text(target["trust"])
        api.write("update_assume_role_policy", label, RoleName=name, PolicyDocument=document)
    if any(current[key] != target[key] for key in ("description", "max_session_duration")):
        api.write(
            "update_role",
            label,
            RoleName=name,
            Description=target["description"],
            MaxSessionDuration=target["max_session_duration"],
        )
    if tags := missing_tags(current["tags"], target["tags"]):
        api.write("tag_role", label, RoleName=name, Tags=tag_list(tags))


def _update_policies(api: Api, name: str, current: Dict, target: Dict) -> None:
    """Set and remove policies. What is too much goes first, so that no limit is hit."""
    label = label_of(name)
    for key in sorted(set(current["policies"]) - set(target["policies"])):
        api.write("delete_role_policy", label, GONE, RoleName=name, PolicyName=key)
    for arn in sorted(set(current["managed_policies"]) - set(target["managed_policies"])):
        api.write("detach_role_policy", label, GONE, RoleName=name, PolicyArn=arn)
    for key, document in target["policies"].items():
        if current["policies"].get(key) != document:
            which = {"RoleName": name, "PolicyName": key}
            api.write("put_role_policy", label, **which, PolicyDocument=policies.text(document))
    for arn in sorted(set(target["managed_policies"]) - set(current["managed_policies"])):
        api.write("attach_role_policy", label, RoleName=name, PolicyArn=arn)
