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
  - Makes, repairs or removes a symmetric KMS key that is known by an alias.
  - Unlike M(amazon.aws.kms_key) it removes the alias with the key, so that the next key can have
    it, and takes up a key that an interrupted run left without alias.
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
    description: Key policy. AWS's default (the account's IAM decides) when not given.
      C({account}) and C({partition}) stand for the caller's.
    type: json
  rotation:
    description: Whether AWS rotates the key every year.
    type: bool
    default: true
  deletion_window:
    description: Days between O(state=absent) and the key's end, 7 to 30.
    type: int
    default: 30
  tags:
    description: Tags. Those that others add are left alone.
    type: dict
    required: true
extends_documentation_fragment: ragops.platform.reconciled
"""

EXAMPLES = r"""
- name: Make the key
  ragops.platform.kms_key:
    alias: alias/ragops-dev
    description: Data of ragops-dev
    tags: {Project: ragops, Environment: dev}

- name: Remove the alias and schedule the key's deletion
  ragops.platform.kms_key:
    alias: alias/ragops-dev
    state: absent
    deletion_window: 7
    tags: {Project: ragops, Environment: dev}
"""

RETURN = r"""
key:
  description: The key; C((known after creation)) in check mode where it is still to be made.
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
"""

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.ragops.platform.plugins.module_utils import aws
from ansible_collections.ragops.platform.plugins.module_utils._kms import ensure
from ansible_collections.ragops.platform.plugins.module_utils.reconcile import (
    Api,
    Plan,
    fill_identity,
)


def argument_spec() -> dict[str, Any]:
    """Return the module's options."""
    return {
        "alias": {"type": "str", "required": True},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "description": {"type": "str", "default": ""},
        "policy": {"type": "json"},
        "rotation": {"type": "bool", "default": True},
        "deletion_window": {"type": "int", "default": 30},
        "tags": {"type": "dict", "required": True},
    }


def run(module: AnsibleAWSModule, plan: Plan) -> dict[str, Any]:
    """Check the options, then bring the key to its state."""
    options = dict(module.params)
    if not options["alias"].startswith("alias/") or options["alias"].startswith("alias/aws/"):
        raise aws.AwsError(
            f"alias {options['alias']!r} must begin with alias/ and not with alias/aws/, "
            "which is AWS's own."
        )
    if not 7 <= options["deletion_window"] <= 30:
        raise aws.AwsError("deletion_window must be 7 to 30 days, as AWS takes it.")
    if options["policy"]:
        sts = Api(aws.client(module, "sts"))
        options["policy"] = fill_identity(options["policy"], sts)
    ensure.check_policy(options["policy"])
    api = Api(aws.client(module, "kms"), module.check_mode)
    if options["state"] == "absent":
        ensure.ensure_absent(api, plan, options)
        return {}
    return {"key": ensure.ensure_present(api, plan, options)}


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
