#!/usr/bin/python
# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Module s3_buckets: private buckets, safe by default."""

from __future__ import annotations

DOCUMENTATION = r"""
module: s3_buckets
version_added: 0.1.0
short_description: Private, versioned, encrypted S3 buckets with lifecycle and TLS-only policy
description:
  - Makes, repairs or removes buckets that share their settings, in one process.
  - Unlike M(amazon.aws.s3_bucket) it has check mode and a diff, and includes the lifecycle rules.
  - Public access is always blocked, versions are kept, ACLs are off, and requests without TLS are
    refused.
options:
  names:
    description: Names of the buckets; C({account}) stands for the account's id.
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
      - Key (ARN, id or alias) for SSE-KMS. SSE-S3 (AES-256) when not given or empty.
      - An alias that does not exist yet is awaited for O(wait_timeout) seconds.
    type: str
  transition_days:
    description: Days after which objects move to STANDARD_IA, 30 or more; 0 for never.
    type: int
    default: 30
  abort_upload_days:
    description: Days after which an unfinished multipart upload is dropped; 0 for never.
    type: int
    default: 7
  destroy_data:
    description:
      - With O(state=absent) whether to delete buckets that hold objects, with all their versions.
      - Otherwise these are kept, listed in RV(kept), and a warning says so.
    type: bool
    default: false
  wait_timeout:
    description: Seconds to wait for the key.
    type: int
    default: 120
  tags:
    description: Tags. Those that others add are left alone.
    type: dict
    required: true
extends_documentation_fragment: ragops.platform.reconciled
"""

EXAMPLES = r"""
- name: Make the buckets
  ragops.platform.s3_buckets:
    names: ['ragops-dev-documents-{account}', 'ragops-dev-embeddings-{account}']
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
  description: Names of the buckets that exist in the end.
  returned: always
  type: list
  elements: str
kept:
  description: Buckets that were to be removed and hold data.
  returned: when O(state=absent)
  type: list
  elements: str
"""

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.ragops.platform.plugins.module_utils import aws
from ansible_collections.ragops.platform.plugins.module_utils._kms import ensure as kms
from ansible_collections.ragops.platform.plugins.module_utils._s3 import ensure
from ansible_collections.ragops.platform.plugins.module_utils.reconcile import (
    Api,
    Plan,
    fill_identity,
)


def argument_spec() -> dict[str, Any]:
    """Return the module's options."""
    return {
        "names": {"type": "list", "elements": "str", "required": True},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "kms_key_id": {"type": "str"},
        "transition_days": {"type": "int", "default": 30},
        "abort_upload_days": {"type": "int", "default": 7},
        "destroy_data": {"type": "bool", "default": False},
        "wait_timeout": {"type": "int", "default": 120},
        "tags": {"type": "dict", "required": True},
    }


def run(module: AnsibleAWSModule, plan: Plan) -> dict[str, Any]:
    """Check the options, then bring the buckets to their state."""
    options = dict(module.params)
    sts = Api(aws.client(module, "sts"))
    names = [fill_identity(name, sts) for name in options["names"]]
    if 0 < options["transition_days"] < 30:
        raise aws.AwsError("transition_days must be 0 or at least 30: STANDARD_IA takes no less.")
    api = Api(aws.client(module, "s3"), module.check_mode)
    if options["state"] == "absent":
        kept = [
            name for name in names if ensure.ensure_absent(api, plan, name, options["destroy_data"])
        ]
        if kept:
            module.warn(
                f"Kept, because they hold data: {', '.join(kept)}. Empty them, or allow their "
                "deletion with destroy_data."
            )
        return {"buckets": kept, "kept": kept}
    region = aws.require_region(module)
    key_api = Api(aws.client(module, "kms"), module.check_mode)
    options["kms_key_arn"] = kms.resolve(key_api, options["kms_key_id"], options["wait_timeout"])
    options["region"] = region
    options["partition"] = api.client.meta.partition
    for name in names:
        ensure.ensure_present(api, plan, name, options)
    return {"buckets": names}


def main() -> None:
    """Run the module."""
    module = AnsibleAWSModule(
        argument_spec=argument_spec(),
        supports_check_mode=True,
    )
    plan = Plan()
    try:
        result = run(module, plan)
    except aws.AwsError as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=plan.changed, diff=plan.diff(), **result)


if __name__ == "__main__":
    main()
