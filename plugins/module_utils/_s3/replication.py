# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""The role that replicates buckets into another region, allowed to do that and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .. import ownership, policies
from .._iam import bound
from ..aws import Dict, tag_dict
from ..reconcile import Api, Plan, missing_tags, tag_list

POLICY = "replicate"
NO_ROLE = ("NoSuchEntity",)


@dataclass(frozen=True)
class Keys:
    """The keys on both sides, None for SSE-S3."""

    source: str | None
    target: str | None


def trust() -> Dict:
    """Return who may take the role: S3.

    Without a condition on the account: AWS documents none for replication (S3 User Guide, "Setting
    up permissions for live replication"), and a key that S3 does not send would stop it without a
    word. Nobody else's bucket gets the role: who configures replication must be allowed to pass it.
    """
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "S3Replicates",
                "Effect": "Allow",
                "Principal": {"Service": "s3.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }


def permissions(pairs: Mapping[str, str], keys: Keys, regions: tuple[str, str]) -> Dict:
    """Return what the role may do.

    Args:
        pairs: ARN of each bucket and of its replica.
        keys: the keys on both sides.
        regions: region of the buckets, and of the replicas.
    """
    sources, targets = list(pairs), list(pairs.values())
    statements: list[Dict] = [
        _allow("ReadConfiguration", ["s3:GetReplicationConfiguration", "s3:ListBucket"], sources),
        _allow(
            "ReadVersions",
            [
                "s3:GetObjectVersionAcl",
                "s3:GetObjectVersionForReplication",
                "s3:GetObjectVersionTagging",
            ],
            _objects(sources),
        ),
        _allow(
            "WriteReplicas",
            ["s3:ReplicateDelete", "s3:ReplicateObject", "s3:ReplicateTags"],
            _objects(targets),
        ),
    ]
    if keys.source:
        statements.append(
            _allow("ReadKey", ["kms:Decrypt"], [keys.source]) | _through(regions[0], sources)
        )
    if keys.target:
        statements.append(
            _allow("WriteKey", ["kms:Encrypt", "kms:GenerateDataKey"], [keys.target])
            | _through(regions[1], targets)
        )
    return {"Version": "2012-10-17", "Statement": statements}


def ensure_role(
    api: Api,
    plan: Plan,
    name: str,
    allowed: Dict,
    tags: Mapping[str, str],
    boundary: str | None = None,
) -> None:
    """Make or repair the role and its one inline policy.

    Args:
        boundary: ARN of the policy that bounds it.

    Raises:
        AwsError: a role of this name is tagged as somebody else's.
    """
    label = f"role {name}"
    wanted: Dict = {
        "trust": trust(),
        "policy": allowed,
        "permissions_boundary": boundary,
        "tags": {key: str(value) for key, value in tags.items()},
    }
    found = api.read("get_role", label, NO_ROLE, RoleName=name).get("Role")
    if found is None:
        plan.record(label, None, wanted)
        api.create(
            "create_role",
            label,
            lambda: api.read("get_role", label, NO_ROLE, RoleName=name) or None,
            RoleName=name,
            Description="S3 replication",
            AssumeRolePolicyDocument=policies.text(trust()),
            Tags=tag_list(wanted["tags"]),
            **({"PermissionsBoundary": boundary} if boundary else {}),
        )
        current: Dict = {**wanted, "policy": None}
    else:
        current = _read(api, label, name, found, wanted)
        plan.record(label, current, wanted)
    _update(api, label, name, current, wanted)


def ensure_no_role(api: Api, plan: Plan, name: str, tags: Mapping[str, str]) -> None:
    """Delete the role with its policy.

    Raises:
        AwsError: it is not ours.
    """
    label = f"role {name}"
    found = api.read("get_role", label, NO_ROLE, RoleName=name).get("Role")
    if found is None:
        return
    ownership.require_ours(label, tag_dict(found.get("Tags")), tags)
    plan.record(label, {"arn": found["Arn"]}, None)
    api.write("delete_role_policy", label, NO_ROLE, RoleName=name, PolicyName=POLICY)
    api.write("delete_role", label, NO_ROLE, RoleName=name)


def _read(api: Api, label: str, name: str, found: Dict, wanted: Dict) -> Dict:
    tags = tag_dict(found.get("Tags"))
    ownership.refuse_others(label, tags, wanted["tags"])
    inline = api.read("get_role_policy", label, NO_ROLE, RoleName=name, PolicyName=POLICY).get(
        "PolicyDocument"
    )
    trusted = found["AssumeRolePolicyDocument"]
    return {
        "trust": wanted["trust"] if policies.same(trusted, wanted["trust"]) else trusted,
        "policy": wanted["policy"] if policies.same(inline, wanted["policy"]) else inline,
        "permissions_boundary": found.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
        "tags": {key: tags[key] for key in wanted["tags"] if key in tags},
    }


def _update(api: Api, label: str, name: str, current: Dict, wanted: Dict) -> None:
    bound.settle(api, name, current["permissions_boundary"], wanted["permissions_boundary"])
    if current["trust"] != wanted["trust"]:
        api.write(
            "update_assume_role_policy",
            label,
            RoleName=name,
            PolicyDocument=policies.text(wanted["trust"]),
        )
    if current["policy"] != wanted["policy"]:
        api.write(
            "put_role_policy",
            label,
            RoleName=name,
            PolicyName=POLICY,
            PolicyDocument=policies.text(wanted["policy"]),
        )
    if missing := missing_tags(current["tags"], wanted["tags"]):
        api.write("tag_role", label, RoleName=name, Tags=tag_list(missing))


def _allow(sid: str, actions: Sequence[str], resources: Sequence[str]) -> Dict:
    return {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": list(resources)}


def _objects(buckets: Sequence[str]) -> list[str]:
    return [f"{arn}/*" for arn in buckets]


def _through(region: str, buckets: Sequence[str]) -> dict[str, Any]:
    """Return the condition that a key is used by S3, for these buckets.

    With a bucket key the encryption context is the bucket, without one the object.
    """
    return {
        "Condition": {
            "StringEquals": {"kms:ViaService": f"s3.{region}.amazonaws.com"},
            "StringLike": {"kms:EncryptionContext:aws:s3:arn": [*buckets, *_objects(buckets)]},
        }
    }
