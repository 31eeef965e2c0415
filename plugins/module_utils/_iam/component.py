# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""How roles and OIDC providers are found, and what a destroy can leave of them."""

from __future__ import annotations

from typing import Any

from .._platform.scope import Connect, Scope, key_of
from .._sweep.item import Item, reason
from ..aws import Dict, call, collect, tag_dict
from ..component import Component


def read(connect: Connect, scope: Scope) -> Dict:
    """The platform's roles and OIDC providers, by tags."""
    connection = connect("iam")
    roles = collect(connection, "list_roles", "Roles", f"IAM roles {scope.name}-*")
    ours = [
        role
        for role in roles
        if role["RoleName"].startswith(f"{scope.name}-")
        and scope.owns(_tags_of(connection, "list_role_tags", RoleName=role["RoleName"]))
    ]
    listed = call(connection, "list_open_id_connect_providers", "OIDC providers") or {}
    arns = [entry["Arn"] for entry in listed.get("OpenIDConnectProviderList", [])]
    return {
        "roles": ours,
        "oidc_providers": [
            arn
            for arn in arns
            if scope.owns(
                _tags_of(connection, "get_open_id_connect_provider", OpenIDConnectProviderArn=arn)
            )
        ],
    }


def _tags_of(connection: Any, operation: str, **which: str) -> dict[str, str]:
    """Tags of one IAM resource; none when it vanished since it was listed."""
    about = f"IAM {next(iter(which.values()))}"
    answer = call(connection, operation, about, missing=("NoSuchEntity",), **which)
    return tag_dict((answer or {}).get("Tags"))


def shape(raw: Dict, name: str) -> Dict:
    """Role ARNs by key (<name>-eks-cluster is eks_cluster) and the OIDC providers' ARNs."""
    return {
        "roles": {key_of(role["RoleName"], f"{name}-"): role["Arn"] for role in raw["roles"]},
        "oidc_provider_arns": sorted(raw["oidc_providers"]),
    }


# type, list operation, key, id, tags operation, argument
_IDENTITIES = (
    ("role", "list_roles", "Roles", "RoleName", "list_role_tags", "RoleName"),
    ("policy", "list_policies", "Policies", "Arn", "list_policy_tags", "PolicyArn"),
    (
        "instance_profile",
        "list_instance_profiles",
        "InstanceProfiles",
        "InstanceProfileName",
        "list_instance_profile_tags",
        "InstanceProfileName",
    ),
    (
        "oidc_provider",
        "list_open_id_connect_providers",
        "OpenIDConnectProviderList",
        "Arn",
        "get_open_id_connect_provider",
        "OpenIDConnectProviderArn",
    ),
)


def leftovers(connect: Connect, scope: Scope) -> list[Item]:
    """Roles, policies and instance profiles with the name's prefix and tags; OIDC providers."""
    connection = connect("iam")
    found = []
    for type_, operation, key, id_key, tags_operation, argument in _IDENTITIES:
        about = f"IAM {type_}s of {scope.name}"
        more = {"Scope": "Local"} if type_ == "policy" else {}
        for item in collect(connection, operation, key, about, **more):
            identity = str(item[id_key])
            # Names are asked for tags only when they can be ours (Karpenter's begin with the
            # cluster's and _); providers are few.
            name = identity.rsplit("/", 1)[-1]
            if type_ != "oidc_provider" and not name.startswith(
                (f"{scope.name}-", f"{scope.name}_")
            ):
                continue
            which = {argument: identity}
            tags = call(connection, tags_operation, about, missing=("NoSuchEntity",), **which)
            if why := reason(scope, tag_dict((tags or {}).get("Tags"))):
                found.append(Item("iam", "iam", type_, identity, False, why))
    return found


COMPONENT = Component(
    "iam", read=read, shape=shape, leftovers=(leftovers,), services=frozenset({"iam"})
)
