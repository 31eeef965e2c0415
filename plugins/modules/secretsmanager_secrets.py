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
  - Creates, repairs or removes several secrets with the same key and tags in one task.
  - Unlike M(community.aws.secretsmanager_secret), it can generate a value, which exists only in
    AWS, and it shows a diff without values.
  - A secret that is scheduled for deletion is restored, with a warning.
  - A run of Ansible rotates secrets, not a Lambda function, because the service that checks a value
    must get it at the same time. AWS keeps the previous value as C(AWSPREVIOUS).
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
        description: What the secret is for.
        type: str
        default: ""
      value:
        description: Value of the secret. It replaces an existing value.
        type: str
      generate_length:
        description: Length of a random value of letters and digits, which is generated once. Used
          if O(secrets[].value) is not given.
        type: int
        default: 40
      username:
        description: User name of a login with the random value as password. The secret is then a
          JSON object with C(username) and C(password), as RDS writes it.
        type: str
      username_suffix:
        description:
          - Whether random letters and digits follow O(secrets[].username) in each generated value.
          - For a service with one password per user. A rotation then creates a second user, and
            both users can log in until the first one is removed.
        type: bool
        default: false
  prefix:
    description: Prefix of the names of all O(secrets) in AWS.
    type: str
    default: ""
  rotate:
    description: Names from O(secrets) for which this run generates a new value. This always reports
      a change.
    type: list
    elements: str
    default: []
  state:
    description: Whether the secrets exist.
    type: str
    choices: [present, absent]
    default: present
  kms_key_id:
    description:
      - KMS key (ARN, id or alias) that encrypts the values. Defaults to the AWS managed key.
      - If an alias does not exist yet, the module waits for it up to O(wait_timeout) seconds.
    type: str
  readers:
    description:
      - ARNs (with C(*) and C(?)) of the roles and users that may read the values. The list must
        include the caller. All others are denied, even if IAM allows them.
      - An empty list removes this restriction and any other resource policy. If not given, the
        resource policy is unchanged.
    type: list
    elements: str
  max_age_days:
    description: Days after which a generated value is returned in RV(stale), with a warning. 0
      means never.
    type: int
    default: 0
  recovery_window_days:
    description: With O(state=absent), days for which a secret can be restored, 7 to 30. 0 deletes
      it immediately.
    type: int
    default: 30
  wait_timeout:
    description: Seconds to wait for the key, and for the name of a deleted secret to become free.
    type: int
    default: 120
  tags:
    description: Tags of the secrets. Tags that others added are kept. C(Project), C(Environment),
      C(Component) and C(ManagedBy) name the owner. A secret of another owner is refused.
    type: dict
    required: true
extends_documentation_fragment:
  - ragops.platform.reconciled
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
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

- name: Replace the token by another one
  ragops.platform.secretsmanager_secrets:
    prefix: ragops-dev/
    secrets: [{name: redis-auth-token, description: AUTH token of Redis, generate_length: 64}]
    rotate: [redis-auth-token]
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
  description: ARNs of the secrets by their names in AWS.
  returned: when O(state=present)
  type: dict
restored:
  description: Names of the secrets whose scheduled deletion was cancelled.
  returned: when O(state=present)
  type: list
  elements: str
rotated:
  description: Names of the secrets that got a new generated value.
  returned: when O(state=present)
  type: list
  elements: str
stale:
  description: Names of the secrets whose generated value is older than O(max_age_days).
  returned: when O(state=present)
  type: list
  elements: str
"""

from dataclasses import replace
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.ragops.platform.plugins.module_utils import aws
from ansible_collections.ragops.platform.plugins.module_utils._kms import find as kms
from ansible_collections.ragops.platform.plugins.module_utils._secrets import ensure
from ansible_collections.ragops.platform.plugins.module_utils._secrets.transform import (
    Wish,
    check,
    refuse_lockout,
)
from ansible_collections.ragops.platform.plugins.module_utils.reconcile import (
    Connect,
    Plan,
    reconcile,
)


def argument_spec() -> dict[str, Any]:
    """Return the module's options."""
    secret = {
        "name": {"type": "str", "required": True},
        "description": {"type": "str", "default": ""},
        "value": {"type": "str", "no_log": True},
        "generate_length": {"type": "int", "default": 40},
        "username": {"type": "str"},
        "username_suffix": {"type": "bool", "default": False},
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
        "prefix": {"type": "str", "default": ""},
        "rotate": {"type": "list", "elements": "str", "default": []},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "kms_key_id": {"type": "str"},
        "readers": {"type": "list", "elements": "str"},
        "max_age_days": {"type": "int", "default": 0},
        "recovery_window_days": {"type": "int", "default": 30},
        "wait_timeout": {"type": "int", "default": 120},
        "tags": {"type": "dict", "required": True},
    }


def wishes_of(options: dict[str, Any]) -> list[Wish]:
    """Return the secrets that the options describe; their key is still to be found.

    Raises:
        AwsError: what AWS would refuse.
    """
    days = options["recovery_window_days"]
    if days and not 7 <= days <= 30:
        raise aws.AwsError(f"recovery_window_days is {days}, but AWS allows 0 or 7 to 30.")
    if options["max_age_days"] < 0:
        raise aws.AwsError("max_age_days must be 0 (never) or more.")
    names = [secret["name"] for secret in options["secrets"]]
    if unknown := set(options["rotate"]) - set(names):
        raise aws.AwsError(
            f"rotate has {', '.join(sorted(unknown))}, but secrets has only {', '.join(names)}."
        )
    wishes = [
        Wish(
            **{**secret, "name": options["prefix"] + secret["name"]},
            tags=options["tags"],
            readers=options["readers"],
            rotate=secret["name"] in options["rotate"],
        )
        for secret in options["secrets"]
    ]
    for wish in wishes:
        check(wish)
    return wishes


def make(
    module: AnsibleAWSModule, plan: Plan, connect: Connect, wishes: list[Wish]
) -> dict[str, Any]:
    """Make or repair the secrets; return the module's results."""
    options, api = module.params, connect("secretsmanager")
    if options["readers"]:
        identity = connect("sts").read("get_caller_identity", "the caller's identity")
        refuse_lockout(options["readers"], str(identity["Arn"]))
    timeout = options["wait_timeout"]
    key = kms.resolve(connect("kms"), options["kms_key_id"], timeout, options["tags"])
    wishes = [replace(wish, kms_key_arn=key) for wish in wishes]
    ensure.refuse_others(api, wishes)
    made = {wish.name: ensure.ensure_present(api, plan, wish, timeout) for wish in wishes}
    stale = [wish.name for wish in wishes if ensure.is_stale(api, wish, options["max_age_days"])]
    result: dict[str, Any] = {
        "arns": {name: outcome.arn for name, outcome in made.items()},
        "restored": [name for name, outcome in made.items() if outcome.restored],
        "rotated": [name for name, outcome in made.items() if outcome.rotated],
        "stale": stale,
    }
    if result["restored"]:
        module.warn(
            "These secrets were scheduled for deletion and are restored:"
            f" {', '.join(result['restored'])}."
        )
    if unread := [name for name, outcome in made.items() if outcome.uncompared]:
        module.warn(
            "These values were not compared, because the caller may not read them:"
            f" {', '.join(unread)}. A run writes the values that differ. To see this in a plan,"
            " allow secretsmanager:GetSecretValue, and kms:Decrypt on their key."
        )
    if stale:
        module.warn(
            f"These generated secrets are older than {options['max_age_days']} days:"
            f" {', '.join(stale)}. Rotate them."
        )
    return result


def run(module: AnsibleAWSModule, plan: Plan, connect: Connect) -> dict[str, Any]:
    """Check the options, then bring the secrets to their state."""
    options = module.params
    wishes = wishes_of(options)
    if options["state"] == "present":
        return make(module, plan, connect, wishes)
    api = connect("secretsmanager")
    # Whose each of them is, before the first is removed.
    foreseen = api.quiet(), Plan()
    for how in (foreseen, (api, plan)):
        for wish in wishes:
            ensure.ensure_absent(*how, wish, options["recovery_window_days"])
    return {}


def main() -> None:
    """Run the module."""
    module = AnsibleAWSModule(
        argument_spec=argument_spec(),
        supports_check_mode=True,
    )
    reconcile(module, run)


if __name__ == "__main__":
    main()
