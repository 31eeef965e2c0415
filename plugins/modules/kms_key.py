#!/usr/bin/python
# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Module kms_key: a customer managed KMS key that is found by its alias."""

from __future__ import annotations

DOCUMENTATION = r"""
module: kms_key
version_added: 0.1.0
short_description: A KMS key with its alias, rotation and policy
description:
  - Creates, repairs or removes a symmetric KMS key that is identified by its alias.
  - Unlike M(amazon.aws.kms_key), it removes the alias with the key, so that the next key can use
    it. It also finds a key that an interrupted run left without an alias.
  - A key with the same ownership tags that is scheduled for deletion is restored, with a warning. A
    new key could not decrypt the data of the old one.
  - If the alias was moved to another key, it is moved back to the key with the ownership tags.
options:
  alias:
    description: Alias of the key, with C(alias/).
    type: str
    required: true
  state:
    description: Whether the key is usable.
    type: str
    choices: [present, absent]
    default: present
  description:
    description: What the key is for.
    type: str
    default: ""
  policy:
    description: Key policy. It is replaced if its meaning differs. Defaults to the AWS default, by
      which IAM of the account decides. C({account}) and C({partition}) stand for the account and
      the partition of the caller.
    type: json
  rotation_days:
    description: Days between two rotations of the key material by AWS, 90 to 2560. 0 means no
      rotation.
    type: int
    default: 365
  deletion_window:
    description: Days between O(state=absent) and the deletion of the key, 7 to 30.
    type: int
    default: 30
  keep_while_used:
    description: With O(state=absent), whether to keep the key while it encrypts data that remains.
      This data is manual snapshots of databases and caches, and the content of O(buckets). A kept
      key is reported in a warning and in RV(kept).
    type: bool
    default: true
  buckets:
    description: Names of buckets to check for O(keep_while_used). C({account}) stands for the id of
      the account.
    type: list
    elements: str
    default: []
  tags:
    description: Tags of the key. Tags that others added are kept. C(Project), C(Environment),
      C(Component) and C(ManagedBy) name the owner. A key of another owner is refused.
    type: dict
    required: true
extends_documentation_fragment:
  - ragops.platform.reconciled
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Make the key
  ragops.platform.kms_key:
    alias: alias/ragops-dev
    description: Data of ragops-dev
    tags: {Project: ragops, Environment: dev}

- name: Remove the alias and schedule the key's deletion, unless it encrypts what stays
  ragops.platform.kms_key:
    alias: alias/ragops-dev
    state: absent
    deletion_window: 7
    buckets: ['ragops-dev-documents-{account}']
    tags: {Project: ragops, Environment: dev}
"""

RETURN = r"""
key:
  description: The key. In check mode C((known after creation)) if it does not exist yet.
  returned: when O(state=present)
  type: dict
  contains:
    key_arn:
      description: ARN of the key.
      type: str
      returned: always
      sample: arn:aws:kms:us-east-1:123456789012:key/1c2d
    key_id: {description: Id of the key., type: str, returned: always}
    alias: {description: Its alias., type: str, returned: always, sample: alias/ragops-dev}
    restored:
      description: Whether the scheduled deletion of the key was cancelled.
      type: bool
      returned: always
kept:
  description: The encrypted data for which the key was kept. Empty if it was not kept.
  returned: when O(state=absent)
  type: list
  elements: str
  sample: [bucket ragops-dev-documents-123456789012]
"""

import re
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.ragops.platform.plugins.module_utils import aws, policies
from ansible_collections.ragops.platform.plugins.module_utils._kms import ensure
from ansible_collections.ragops.platform.plugins.module_utils._kms.users import users_of
from ansible_collections.ragops.platform.plugins.module_utils.reconcile import (
    Connect,
    Plan,
    fill_identity,
    reconcile,
)


def argument_spec() -> dict[str, Any]:
    """Return the module's options."""
    return {
        "alias": {"type": "str", "required": True},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "description": {"type": "str", "default": ""},
        "policy": {"type": "json"},
        "rotation_days": {"type": "int", "default": 365},
        "deletion_window": {"type": "int", "default": 30},
        "keep_while_used": {"type": "bool", "default": True, "no_log": False},
        "buckets": {"type": "list", "elements": "str", "default": []},
        "tags": {"type": "dict", "required": True},
    }


def check(options: dict[str, Any]) -> None:
    """Refuse what AWS would refuse, before anything is called.

    Raises:
        AwsError: which option, and what it may be.
    """
    alias = options["alias"]
    if not re.fullmatch(r"alias/[A-Za-z0-9/_-]{1,250}", alias) or alias.startswith("alias/aws/"):
        raise aws.AwsError(
            f"alias {alias!r} must be alias/ and up to 250 letters, digits, / _ or -. It must not"
            " begin with alias/aws/, which AWS reserves."
        )
    if not 7 <= options["deletion_window"] <= 30:
        raise aws.AwsError(
            f"deletion_window is {options['deletion_window']}, but AWS allows 7 to 30 days."
        )
    days = options["rotation_days"]
    if days and not 90 <= days <= 2560:
        raise aws.AwsError(
            f"rotation_days is {days}, but AWS allows 0 (no rotation) or 90 to 2560 days."
        )


def remove(
    module: AnsibleAWSModule, plan: Plan, connect: Connect, wish: ensure.Wish
) -> dict[str, Any]:
    """Remove the key, or keep it while it is used; return what keeps it."""
    options, api = module.params, connect("kms")
    key = ensure.find(api, wish.alias)
    if key and options["keep_while_used"]:
        buckets = [fill_identity(name, connect("sts")) for name in options["buckets"]]
        kept = users_of(connect, key["Arn"], buckets)
        if kept:
            module.warn(
                f"Kept {wish.label}, because it encrypts data that remains: {', '.join(kept)}."
                " Without the key this data is lost. Remove the data first, or set keep_while_used"
                " to false."
            )
            return {"kept": kept}
    ensure.ensure_absent(api, plan, wish, options["deletion_window"])
    return {"kept": []}


def run(module: AnsibleAWSModule, plan: Plan, connect: Connect) -> dict[str, Any]:
    """Check the options, then bring the key to its state."""
    options = module.params
    check(options)
    policy = options["policy"]
    if policy:
        policy = fill_identity(policy, connect("sts"))
    document = policies.parse(policy)
    policies.refuse_open(document, "key policy")
    wish = ensure.Wish(
        alias=options["alias"],
        description=options["description"],
        policy=document,
        rotation_days=options["rotation_days"],
        tags={key: str(value) for key, value in options["tags"].items()},
    )
    if options["state"] == "absent":
        return remove(module, plan, connect, wish)
    key = ensure.ensure_present(connect("kms"), plan, wish)
    if key["restored"]:
        module.warn(
            f"{wish.label} was scheduled for deletion and is restored, so that data that it"
            f" encrypted stays readable: {key['key_arn']}."
        )
    return {"key": key}


def main() -> None:
    """Run the module."""
    module = AnsibleAWSModule(
        argument_spec=argument_spec(),
        supports_check_mode=True,
    )
    reconcile(module, run, Plan(named_by_aws=True))


if __name__ == "__main__":
    main()
