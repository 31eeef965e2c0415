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
  - A secret that is scheduled for deletion is restored, and a warning says so.
  - Rotation is a run's work, no function's, since a value only helps when what checks it learns it
    at the same time. The value before stays with AWS as C(AWSPREVIOUS).
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
      username:
        description: Makes the random value a login, as RDS writes them, a JSON object with
          C(username) and C(password).
        type: str
      username_suffix:
        description:
          - Whether random letters and digits follow O(secrets[].username) in each generated value.
          - For a service that knows one password per user. The login before and the one after a
            rotation are two users then, and both are let in until the first is removed.
        type: bool
        default: false
  prefix:
    description: What the names of all O(secrets) begin with in AWS.
    type: str
    default: ""
  rotate:
    description: Names out of O(secrets), of which another value is generated in this run. It always
      changes.
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
      - Key (ARN, id or alias) that encrypts the values; AWS's own key when not given or empty.
      - An alias that does not exist yet is awaited for O(wait_timeout) seconds.
    type: str
  readers:
    description:
      - ARNs (with C(*) and C(?)) of the roles and users that may read the values, the caller
        included. All others are refused, whatever IAM allows them.
      - An empty list removes that restriction and any other resource policy. When not given the
        resource policy is left as it is.
    type: list
    elements: str
  max_age_days:
    description: Days after which a generated value is listed in RV(stale), with a warning; 0 for
      never.
    type: int
    default: 0
  recovery_window_days:
    description: With O(state=absent) for how many days a secret can be restored, 7 to 30; 0 for not
      at all.
    type: int
    default: 30
  wait_timeout:
    description: Seconds to wait for the key, and for a name that AWS is still releasing.
    type: int
    default: 120
  tags:
    description: Tags. Those that others add are left alone. C(Project) and C(Environment) say whose
      a secret is, another's is refused.
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
  description: Names of the secrets whose deletion was cancelled.
  returned: when O(state=present)
  type: list
  elements: str
rotated:
  description: Names of the secrets that got another generated value.
  returned: when O(state=present)
  type: list
  elements: str
stale:
  description: Names of the secrets with a generated value older than O(max_age_days).
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
from ansible_collections.ragops.platform.plugins.module_utils._secrets.wish import (
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
        raise aws.AwsError(
            f"recovery_window_days is {days} and must be 0 or 7 to 30, as AWS takes it."
        )
    if options["max_age_days"] < 0:
        raise aws.AwsError("max_age_days must be 0 (never) or more.")
    names = [secret["name"] for secret in options["secrets"]]
    if unknown := set(options["rotate"]) - set(names):
        raise aws.AwsError(
            f"rotate has {', '.join(sorted(unknown))}, secrets has {', '.join(names)} only."
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
            f"Restored, since they were scheduled for deletion: {', '.join(result['restored'])}."
        )
    if unread := [name for name, outcome in made.items() if outcome.uncompared]:
        module.warn(
            f"Values not compared, since the caller may not read them: {', '.join(unread)}. A run "
            "writes those that differ from what was given. To plan that, too, allow "
            "secretsmanager:GetSecretValue, and kms:Decrypt on their key."
        )
    if stale:
        module.warn(f"Older than {options['max_age_days']} days: {', '.join(stale)}. Rotate them.")
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
