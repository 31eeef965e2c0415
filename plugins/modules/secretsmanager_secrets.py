#!/usr/bin/python
# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Module secretsmanager_secrets: secrets, given or generated, of which no value is ever shown."""

from __future__ import annotations

DOCUMENTATION = r"""
module: secretsmanager_secrets
version_added: 0.1.0
short_description: Secrets in AWS Secrets Manager, with given or generated values
description:
  - Makes, repairs or removes secrets that share key and tags, in one process.
  - Unlike M(community.aws.secretsmanager_secret) it can generate a value, which then exists
    nowhere but in AWS, and it shows a diff without values.
options:
  secrets:
    description: The secrets.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the secret.
        type: str
        required: true
      description:
        description: What it is for.
        type: str
        default: ""
      value:
        description: The value. It replaces another one.
        type: str
      generate_length:
        description: Length of a random value of letters and digits that is made once, if
          O(secrets[].value) is not given.
        type: int
        default: 40
  state:
    description: Whether the secrets exist.
    type: str
    choices: [present, absent]
    default: present
  kms_key_id:
    description:
      - Key (ARN, id or alias) that encrypts the values; AWS's own key when not given or empty.
      - An alias that does not exist yet is awaited for O(wait_timeout) seconds.
    type: str
  recovery_window_days:
    description: With O(state=absent) for how many days a secret can be restored, 7 to 30; 0 for not
      at all.
    type: int
    default: 30
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
- name: Make a token once, and store a key that was given
  ragops.platform.secretsmanager_secrets:
    secrets:
      - name: ragops-dev/redis-auth-token
        description: AUTH token of Redis
        generate_length: 64
      - name: ragops-dev/openai-api-key
        value: "{{ lookup('ansible.builtin.env', 'OPENAI_API_KEY') }}"
    tags: {Project: ragops, Environment: dev}

- name: Remove it at once
  ragops.platform.secretsmanager_secrets:
    secrets: [{name: ragops-dev/redis-auth-token}]
    state: absent
    recovery_window_days: 0
    tags: {Project: ragops, Environment: dev}
"""

RETURN = r"""
arns:
  description: ARNs of the secrets by name.
  returned: when O(state=present)
  type: dict
"""

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.ragops.platform.plugins.module_utils import aws
from ansible_collections.ragops.platform.plugins.module_utils._kms import find as kms
from ansible_collections.ragops.platform.plugins.module_utils._secrets import ensure
from ansible_collections.ragops.platform.plugins.module_utils.reconcile import Api, Plan


def argument_spec() -> dict[str, Any]:
    """Return the module's options."""
    secret = {
        "name": {"type": "str", "required": True},
        "description": {"type": "str", "default": ""},
        "value": {"type": "str", "no_log": True},
        "generate_length": {"type": "int", "default": 40},
    }
    return {
        # The option is named so, but only its values are secret.
        "secrets": {
            "type": "list",
            "elements": "dict",
            "required": True,
            "no_log": False,
            "options": secret,
        },
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "kms_key_id": {"type": "str"},
        "recovery_window_days": {"type": "int", "default": 30},
        "wait_timeout": {"type": "int", "default": 120},
        "tags": {"type": "dict", "required": True},
    }


def run(module: AnsibleAWSModule, plan: Plan) -> dict[str, Any]:
    """Check the options, then bring the secrets to their state."""
    options = dict(module.params)
    days = options["recovery_window_days"]
    if days and not 7 <= days <= 30:
        raise aws.AwsError("recovery_window_days must be 0 or 7 to 30, as AWS takes it.")
    api = Api(aws.client(module, "secretsmanager"), module.check_mode)
    if options["state"] == "absent":
        for secret in options["secrets"]:
            ensure.ensure_absent(api, plan, secret["name"], days)
        return {}
    for secret in options["secrets"]:
        if not secret["value"] and not 16 <= secret["generate_length"] <= 128:
            raise aws.AwsError(f"generate_length of {secret['name']} must be 16 to 128.")
    key_api = Api(aws.client(module, "kms"), module.check_mode)
    options["kms_key_arn"] = kms.resolve(
        key_api, options["kms_key_id"], options["wait_timeout"], options["tags"]
    )
    return {
        "arns": {
            secret["name"]: ensure.ensure_present(api, plan, secret, options)
            for secret in options["secrets"]
        }
    }


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
