#!/usr/bin/python
# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Module elasticache_replication_group: Redis or Valkey with encryption, AUTH and failover."""

from __future__ import annotations

DOCUMENTATION = r"""
module: elasticache_replication_group
version_added: 0.1.0
short_description: An ElastiCache replication group with its subnet and parameter groups
description:
  - Creates, changes or removes a replication group with cluster mode disabled, its subnet group and
    its parameter group.
  - Changes in place what AWS can change. Any other difference is refused before a request is sent,
    and the error names the remedy.
options:
  replication_group_id:
    description: Identifier of the replication group.
    type: str
    required: true
  state:
    description: Whether the group exists.
    type: str
    choices: [present, absent]
    default: present
  parameter_group:
    description: The parameter group, created and removed with the replication group. Unused
      parameter groups called C(<replication_group_id>-<engine><number>) are removed.
    type: dict
    required: true
    suboptions:
      name:
        description: Name of the parameter group. Use C(<replication_group_id>-<engine><major>),
          because a parameter group is for one major version of one engine.
        type: str
        required: true
      parameters:
        description: Parameters to set. All other parameters are reset to their defaults.
        type: dict
        default: {}
  subnet_group:
    description: The subnet group, created and removed with the replication group.
    type: dict
    required: true
    suboptions:
      name:
        description: Name of the subnet group.
        type: str
        required: true
      subnet_ids:
        description: Subnets of the subnet group.
        type: list
        elements: str
        default: []
  security_group_ids:
    description: Security groups of the nodes. Unchanged if not given.
    type: list
    elements: str
  auth_token:
    description: Password of the clients, 16 to 128 letters, digits and C(!&#$^<>-). It is set at
      creation, or if the group has no token yet. Later it is changed only with
      O(auth_token_update_strategy).
    type: str
  auth_token_update_strategy:
    description:
      - Changes the token of an existing group. V(rotate) accepts the old and the new token, V(set)
        accepts only the new token, and V(delete) turns AUTH off. To avoid an interruption, use
        V(rotate), give the clients the new token, and then use V(set).
      - Always reports a change, because AWS does not return tokens.
    type: str
    choices: [set, rotate, delete]
  user_group_id:
    description: User group whose users may log in, instead of O(auth_token). An existing token is
      removed.
    type: str
  apply_immediately:
    description: Whether a new node type, engine or version is applied immediately. Otherwise AWS
      applies it in the maintenance window, and the module already reports it as done.
    type: bool
    default: true
  final_snapshot_id:
    description: With O(state=absent), the name of a final snapshot. Without it no snapshot is made.
      If the name is already used, a suffix from -2 to -10 is added.
    type: str
  wait:
    description: Whether to wait until the group is available.
    type: bool
    default: true
  wait_timeout:
    description: Seconds to wait. AWS needs 6 to 10 minutes to create a group.
    type: int
    default: 2400
  tags:
    description: Tags of all resources. Tags that others added are kept.
    type: dict
    required: true
extends_documentation_fragment:
  - ragops.platform.reconciled
  - ragops.platform.elasticache_fields
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Start a group, to be awaited later
  ragops.platform.elasticache_replication_group:
    replication_group_id: ragops-dev
    subnet_group:
      name: ragops-dev
      subnet_ids: [subnet-0a, subnet-0b]
    parameter_group: {name: ragops-dev-redis7, parameters: {maxmemory-policy: volatile-lru}}
    security_group_ids: [sg-0a]
    auth_token: "{{ token }}"
    wait: false
    tags: {Project: ragops, Environment: dev}

- name: Remove it
  ragops.platform.elasticache_replication_group:
    replication_group_id: ragops-dev
    subnet_group: {name: ragops-dev}
    parameter_group: {name: ragops-dev-redis7}
    state: absent
    tags: {Project: ragops, Environment: dev}
"""

RETURN = r"""
replication_group:
  description: The group.
  returned: when O(state=present)
  type: dict
  contains:
    replication_group_id: {description: Identifier., type: str, returned: always}
    arn: {description: ARN., type: str, returned: when made}
    status: {description: AWS's status., type: str, returned: always, sample: available}
    endpoint: {description: Host name of the primary., type: str, returned: when made}
    port: {description: Port., type: int, returned: when made, sample: 6379}
    engine: {description: Engine., type: str, returned: when made, sample: redis}
    node_type: {description: Type of the nodes., type: str, returned: when made}
    tls: {description: Whether connections are TLS., type: bool, returned: always}
    auth: {description: Whether clients need a token., type: bool, returned: always}
    user_groups: {description: User groups whose users may log in., type: list, returned: always}
    replicas: {description: Number of replicas., type: int, returned: always}
    automatic_failover: {description: Whether a replica replaces a failed primary., type: bool,
      returned: always}
    multi_az: {description: Whether the nodes are in several zones., type: bool, returned: always}
final_snapshot_id:
  description: Name of the final snapshot.
  returned: when O(state=absent) and one was made
  type: str
"""

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.ragops.platform.plugins.module_utils._elasticache import absent, ensure
from ansible_collections.ragops.platform.plugins.module_utils._elasticache.fields import FIELDS
from ansible_collections.ragops.platform.plugins.module_utils.reconcile import (
    Connect,
    Plan,
    reconcile,
)


def argument_spec() -> dict[str, Any]:
    """Return the module's options."""
    group = {
        "name": {"type": "str", "required": True},
        "subnet_ids": {"type": "list", "elements": "str", "default": []},
    }
    parameters = {
        "name": {"type": "str", "required": True},
        "parameters": {"type": "dict", "default": {}},
    }
    return {
        **FIELDS.spec(),
        "replication_group_id": {"type": "str", "required": True},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "parameter_group": {"type": "dict", "required": True, "options": parameters},
        "subnet_group": {"type": "dict", "required": True, "options": group},
        "security_group_ids": {"type": "list", "elements": "str"},
        "auth_token": {"type": "str", "no_log": True},
        "auth_token_update_strategy": {
            "type": "str",
            "choices": ["set", "rotate", "delete"],
            "no_log": False,
        },
        "user_group_id": {"type": "str"},
        "apply_immediately": {"type": "bool", "default": True},
        "final_snapshot_id": {"type": "str"},
        "wait": {"type": "bool", "default": True},
        "wait_timeout": {"type": "int", "default": 2400},
        "tags": {"type": "dict", "required": True},
    }


def run(module: AnsibleAWSModule, plan: Plan, connect: Connect) -> dict[str, Any]:
    """Bring the group to its state."""
    api = connect("elasticache")
    options = dict(module.params)
    if options["state"] == "absent":
        # Whose each of them is, before the first is removed.
        absent.ensure_absent(api.quiet(), Plan(), options)
        snapshot = absent.ensure_absent(api, plan, options)
        return {"final_snapshot_id": snapshot} if snapshot else {}
    made = ensure.ensure_present(api, plan, options, lambda: connect("ec2"))
    return {"replication_group": made}


def main() -> None:
    """Run the module."""
    module = AnsibleAWSModule(
        argument_spec=argument_spec(),
        required_if=[
            ("auth_token_update_strategy", "set", ("auth_token",)),
            ("auth_token_update_strategy", "rotate", ("auth_token",)),
        ],
        supports_check_mode=True,
    )
    reconcile(module, run)


if __name__ == "__main__":
    main()
