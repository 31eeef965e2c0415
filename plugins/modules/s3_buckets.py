#!/usr/bin/python
# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Module s3_buckets: private buckets, safe by default."""

from __future__ import annotations

DOCUMENTATION = r"""
module: s3_buckets
version_added: 0.1.0
short_description: Private, versioned, encrypted S3 buckets with lifecycle rules and a TLS-only
  policy
description:
  - Creates, repairs or removes several buckets with the same settings in one task. Also manages the
    bucket for their access logs, and their replicas in another region.
  - Unlike M(amazon.aws.s3_bucket), it supports check mode and diff, and includes lifecycle rules,
    access logs and replication.
  - Public access is always blocked, versioning is on, ACLs are off, and requests without TLS 1.2
    are refused.
  - Statements that others added to the bucket policy are kept. Lifecycle rules are replaced
    completely, because a rule that somebody added may delete data.
options:
  names:
    description: Names of the buckets. C({account}) stands for the id of the account.
    type: list
    elements: str
    required: true
  state:
    description: Whether the buckets exist.
    type: str
    choices: [present, absent]
    default: present
  kms_key_id:
    description:
      - KMS key (ARN, id or alias) for SSE-KMS with a bucket key. Without it the buckets use SSE-S3
        (AES-256).
      - If an alias does not exist yet, the module waits for it up to O(wait_timeout) seconds.
    type: str
  transition_days:
    description: Days after which objects move to STANDARD_IA, 30 or more. 0 means never.
    type: int
    default: 30
  noncurrent_days:
    description: Days after which a replaced or deleted version is removed. 0 means never.
    type: int
    default: 90
  abort_upload_days:
    description: Days after which an unfinished multipart upload is removed. 0 means never.
    type: int
    default: 7
  access_logs:
    description:
      - The bucket for access logs, in which S3 records each request. It is created and removed with
        the other buckets. It uses SSE-S3, because S3 delivers access logs only to such buckets.
      - With O(state=absent), it is kept as long as one of O(names) exists.
    type: dict
    suboptions:
      bucket:
        description: Name of the bucket for the logs. C({account}) stands for the id of the account.
        type: str
        required: true
      expire_days:
        description: Days after which a log is deleted. 0 means never.
        type: int
        default: 365
  replication:
    description:
      - Replicates all new objects into buckets C(<name>-<region>) of another region.
      - Without this option replication is stopped. The replicas and the role are kept.
    type: dict
    suboptions:
      region:
        description: Region of the replicas.
        type: str
        required: true
      role_name:
        description: Name of the IAM role for the replication. The module creates it, with no other
          permissions.
        type: str
        required: true
      permissions_boundary:
        description: ARN of the permissions boundary of the role. Empty means none. C({account}) and
          C({partition}) stand for the account and the partition of the caller.
        type: str
        default: ""
      kms_key_id:
        description: KMS key (ARN, id or alias) in the region of the replicas. Give it if
          O(kms_key_id) is given, and only then.
        type: str
  destroy_data:
    description:
      - With O(state=absent), whether to delete buckets that contain objects, with all their
        versions.
      - Otherwise such buckets are kept, with a warning, and returned in RV(kept).
    type: bool
    default: false
  wait_timeout:
    description: Seconds to wait for a key, and for the name of a deleted bucket to become free.
    type: int
    default: 120
  tags:
    description: Tags of the buckets. Tags that others added are kept. C(Project), C(Environment),
      C(Component) and C(ManagedBy) name the owner. A bucket of another owner is refused.
    type: dict
    required: true
extends_documentation_fragment:
  - ragops.platform.reconciled
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Make the buckets
  ragops.platform.s3_buckets:
    names: ['ragops-dev-documents-{account}', 'ragops-dev-embeddings-{account}']
    access_logs: {bucket: 'ragops-dev-access-logs-{account}'}
    tags: {Project: ragops, Environment: dev}

- name: Make a bucket that has a copy in another region
  ragops.platform.s3_buckets:
    names: ['ragops-dev-archive-{account}']
    replication: {region: us-west-2, role_name: ragops-dev-archive-replication}
    tags: {Project: ragops, Environment: dev}

- name: Remove a bucket with all that is in it
  ragops.platform.s3_buckets:
    names: ['ragops-dev-documents-{account}']
    state: absent
    destroy_data: true
    tags: {Project: ragops, Environment: dev}
"""

RETURN = r"""
buckets:
  description: The buckets of O(names) that exist after the run.
  returned: always
  type: list
  elements: str
replicas:
  description: Names of the buckets in the other region.
  returned: when O(state=present)
  type: list
  elements: str
kept:
  description: Buckets that were not removed because they contain data, and the bucket with their
    access logs.
  returned: when O(state=absent)
  type: list
  elements: str
"""

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.ragops.platform.plugins.module_utils import aws
from ansible_collections.ragops.platform.plugins.module_utils._kms import find as kms
from ansible_collections.ragops.platform.plugins.module_utils._s3 import ensure
from ansible_collections.ragops.platform.plugins.module_utils.reconcile import (
    Api,
    Connect,
    Plan,
    reconcile,
)

LEAST = {"transition_days": 30, "noncurrent_days": 1, "abort_upload_days": 1}


def argument_spec() -> dict[str, Any]:
    """Return the module's options."""
    return {
        "names": {"type": "list", "elements": "str", "required": True},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "kms_key_id": {"type": "str"},
        "transition_days": {"type": "int", "default": 30},
        "noncurrent_days": {"type": "int", "default": 90},
        "abort_upload_days": {"type": "int", "default": 7},
        "access_logs": {
            "type": "dict",
            "options": {
                "bucket": {"type": "str", "required": True},
                "expire_days": {"type": "int", "default": 365},
            },
        },
        "replication": {
            "type": "dict",
            "options": {
                "region": {"type": "str", "required": True},
                "role_name": {"type": "str", "required": True},
                "permissions_boundary": {"type": "str", "default": ""},
                "kms_key_id": {"type": "str"},
            },
        },
        "destroy_data": {"type": "bool", "default": False},
        "wait_timeout": {"type": "int", "default": 120},
        "tags": {"type": "dict", "required": True},
    }


def check(options: dict[str, Any]) -> None:
    """Refuse what AWS would refuse, before anything is called.

    Raises:
        AwsError: which option, and what it may be.
    """
    if not options["names"]:
        raise aws.AwsError("names is empty. Give at least one bucket.")
    for name, least in LEAST.items():
        if options[name] and options[name] < least:
            why = " STANDARD_IA refuses younger objects." if name == "transition_days" else ""
            raise aws.AwsError(
                f"{name} is {options[name]} and must be 0 (never) or at least {least}.{why}"
            )
    if (options["access_logs"] or {}).get("expire_days", 0) < 0:
        raise aws.AwsError("access_logs.expire_days must be 0 (never) or more.")
    copy = options["replication"]
    present = options["state"] == "present"
    if copy and present and bool(copy["kms_key_id"]) != bool(options["kms_key_id"]):
        raise aws.AwsError(
            "Only one of kms_key_id and replication.kms_key_id is given. Give both or neither,"
            " because replicas of encrypted objects need a key, too."
        )


def place_of(module: AnsibleAWSModule, connect: Connect, region: str) -> ensure.Place:
    """Return where the buckets are, with the keys that encrypt them."""
    identity = connect("sts", region).read("get_caller_identity", "the caller's identity")
    place = {
        "region": region,
        "account": str(identity["Account"]),
        "partition": str(identity["Arn"]).split(":")[1],
    }
    if module.params["state"] == "absent":
        return ensure.Place(**place)
    copy = module.params["replication"] or {}
    timeout = module.params["wait_timeout"]
    tags = module.params["tags"] or {}
    # The alias leads to a key in each region; that of the replicas is made by these buckets' role.
    keys = {
        "kms_key_arn": (region, module.params["kms_key_id"], "kms"),
        "replica_key_arn": (
            copy.get("region", region),
            copy.get("kms_key_id"),
            tags.get("Component", "s3"),
        ),
    }
    for name, (where, key, maker) in keys.items():
        place[name] = kms.resolve(connect("kms", where), key, timeout, tags, maker)
    return ensure.Place(**place)


def run(module: AnsibleAWSModule, plan: Plan, connect: Connect) -> dict[str, Any]:
    """Check the options, then bring the buckets to their state."""
    options = dict(module.params)
    check(options)
    place = place_of(module, connect, aws.require_region(module))
    wanted = ensure.group_of(options, place)
    names = [wish.name for wish in wanted.buckets]

    def quiet(service: str, where: str) -> Api:
        return connect(service, where).quiet()

    # Whose each of them is, before the first is made or removed.
    if options["state"] == "absent":
        ensure.ensure_absent(quiet, Plan(), wanted, options["destroy_data"])
        kept = ensure.ensure_absent(connect, plan, wanted, options["destroy_data"])
        if kept:
            module.warn(
                f"These buckets were kept, because they contain data: {', '.join(kept)}. Empty"
                " them, or allow their deletion with destroy_data."
            )
        return {"buckets": [name for name in names if name in kept], "kept": kept}
    ensure.ensure_present(quiet, Plan(), wanted, options["wait_timeout"])
    ensure.ensure_present(connect, plan, wanted, options["wait_timeout"])
    return {"buckets": names, "replicas": [wish.name for wish in wanted.replicas]}


def main() -> None:
    """Run the module."""
    module = AnsibleAWSModule(
        argument_spec=argument_spec(),
        supports_check_mode=True,
    )
    reconcile(module, run)


if __name__ == "__main__":
    main()
