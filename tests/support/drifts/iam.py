"""What somebody may change by hand of a role; `name` is the role's."""

from __future__ import annotations

import json
from typing import Any

from support.drifts import NAME, Drift, Make, call
from support.emulator import Aws

ROLE = {"RoleName": NAME}


def document(**more: Any) -> str:
    """A policy that allows something."""
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **more}]})


EVERYTHING = document(Action="*", Resource="*")
ANYBODY = document(Action="sts:AssumeRole", Principal={"AWS": "*"})


def changed(what: str, field: str, repair: str, operation: str, **arguments: Any) -> Drift:
    return of_role(what, field, repair, call("iam", operation, **ROLE, **arguments))


def of_role(what: str, fields: str, repair: str, make: Make) -> Drift:
    """fields: separated by blanks."""
    return Drift(what, make, {f"IAM role {NAME}": fields.split()}, (f"iam:{repair}",))


def widen(aws: Aws, name: str) -> None:
    iam = aws.client("iam")
    policy = iam.list_role_policies(RoleName=name)["PolicyNames"][0]
    iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=EVERYTHING)


def detach(aws: Aws, name: str) -> None:
    iam = aws.client("iam")
    first = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"][0]
    iam.detach_role_policy(RoleName=name, PolicyArn=first["PolicyArn"])


TRUST, MANAGED, BOUNDARY = "trust.Statement", "managed_policies", "permissions_boundary"
READ = "policies.read.Statement"
"""The role of the module's test has this policy; of any other the first one is widened."""
BOTH = "description max_session_duration"
RETRUST = "update_assume_role_policy"
UNBIND = "delete_role_permissions_boundary"
OPEN = {"PolicyDocument": ANYBODY}
MORE = {"PolicyName": "more", "PolicyDocument": EVERYTHING}
ADMINISTRATOR = {"PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}
OTHER = {"Description": "other", "MaxSessionDuration": 7200}
TAG = {"TagKeys": ["Environment"]}

DRIFTS = [
    changed("role's trust opened", TRUST, "UpdateAssumeRolePolicy", RETRUST, **OPEN),
    of_role("role's policy widened", READ, "PutRolePolicy", widen),
    changed("role given a policy", "policies.more", "DeleteRolePolicy", "put_role_policy", **MORE),
    changed(
        *("role made administrator", MANAGED, "DetachRolePolicy", "attach_role_policy"),
        **ADMINISTRATOR,
    ),
    of_role("policy taken from a role", MANAGED, "AttachRolePolicy", detach),
    changed("role's boundary gone", BOUNDARY, "PutRolePermissionsBoundary", UNBIND),
    changed("role's sessions longer", BOTH, "UpdateRole", "update_role", **OTHER),
    changed("role untagged", "tags.Environment", "TagRole", "untag_role", **TAG),
]
