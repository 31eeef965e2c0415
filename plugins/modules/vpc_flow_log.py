#!/usr/bin/python
# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Module vpc_flow_log: the record of a VPC's connections, in CloudWatch Logs."""

from __future__ import annotations

DOCUMENTATION = r"""
module: vpc_flow_log
version_added: 0.1.0
short_description: The flow log of a VPC in CloudWatch Logs, with log group and role
description:
  - Creates, repairs or removes the flow log of a VPC (all traffic), and the log group
    C(/aws/vpc/<name>/flow-logs). Also manages the IAM role C(<name>-flow-logs), with which AWS
    writes to the log group.
  - Only flow logs of this account and region may assume the role, and it may write only to this log
    group. It may not create a log group, so a removed log group is not created again.
  - AWS cannot change a flow log. A flow log with other settings is replaced, and its records are
    kept.
options:
  name:
    description: Name of the network, which is part of the names of log group and role.
    type: str
    required: true
  state:
    description: Whether the flow log exists. V(absent) also removes its records.
    type: str
    choices: [present, absent]
    default: present
  vpc_id:
    description: Id of the VPC. Required with O(state=present).
    type: str
  retention_days:
    description: Days for which records are kept, in the steps of CloudWatch. V(0) means for ever.
    type: int
    choices: [0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731,
      1096, 1827, 2192, 2557, 2922, 3288, 3653]
    default: 365
  interval:
    description: Maximum aggregation interval of a record in seconds.
    type: int
    choices: [60, 600]
    default: 600
  kms_key_id:
    description:
      - KMS key (ARN, id or alias) that encrypts the records. Empty means the default encryption of
        CloudWatch. The key policy must allow CloudWatch Logs of the region to use the key.
      - If an alias does not exist yet, the module waits for it up to O(wait_timeout) seconds.
    type: str
    default: ""
  permissions_boundary:
    description: ARN of the permissions boundary of the role. Empty means none. C({account}) and
      C({partition}) stand for the account and the partition of the caller.
    type: str
    default: ""
  tags:
    description: Tags of every resource. Tags that others added are kept.
    type: dict
    required: true
  wait_timeout:
    description: Seconds to wait for the key.
    type: int
    default: 120
extends_documentation_fragment:
  - ragops.platform.reconciled
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Keep a year of connections
  ragops.platform.vpc_flow_log:
    name: ragops-dev
    vpc_id: vpc-0a1b2c3d4e5f60718
    tags: {Project: ragops, Environment: dev}

- name: Remove flow log, records and role
  ragops.platform.vpc_flow_log:
    name: ragops-dev
    state: absent
    tags: {Project: ragops, Environment: dev}
"""

RETURN = r"""
flow_log:
  description: The resources of the flow log. In check mode an id that does not exist yet is
    C((known after creation)).
  returned: when O(state=present)
  type: dict
  contains:
    flow_log_id: {description: Id of the flow log., type: str, returned: always, sample: fl-0a1b2c}
    log_group: {description: Name of the log group., type: str, returned: always}
    role_arn: {description: ARN of the role., type: str, returned: always}
"""

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.ragops.platform.plugins.module_utils import aws
from ansible_collections.ragops.platform.plugins.module_utils._kms import find as kms
from ansible_collections.ragops.platform.plugins.module_utils._network import flow_log
from ansible_collections.ragops.platform.plugins.module_utils.reconcile import (
    Connect,
    Plan,
    reconcile,
)
from ansible_collections.ragops.platform.plugins.module_utils.resources import log_group


def argument_spec() -> dict[str, Any]:
    """Return the module's options."""
    return {
        "name": {"type": "str", "required": True},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "vpc_id": {"type": "str"},
        "retention_days": {
            "type": "int",
            "choices": list(log_group.RETENTIONS),
            "default": 365,
        },
        "interval": {"type": "int", "choices": [60, 600], "default": 600},
        "kms_key_id": {"type": "str", "default": "", "no_log": False},
        "permissions_boundary": {"type": "str", "default": ""},
        "tags": {"type": "dict", "required": True},
        "wait_timeout": {"type": "int", "default": 120},
    }


def ensure_present(run: flow_log.Run) -> dict[str, str]:
    """Make group and role, then the flow log that needs both."""
    flow_log.ensure_group(run)
    flow_log.ensure_role(run)
    log_id = flow_log.ensure_log(run)
    return {"flow_log_id": log_id, "log_group": run.group, "role_arn": run.role_arn}


def run(module: Any, plan: Plan, connect: Connect) -> dict[str, Any]:
    """Ask for account and key, then bring flow log, group and role to their state."""
    options = {**module.params, "region": aws.require_region(module)}
    caller = connect("sts").read("get_caller_identity", "the caller's identity")
    wanted = flow_log.Run(
        connect("ec2"),
        connect("logs"),
        connect("iam"),
        plan,
        options,
        account=caller["Account"],
        partition=caller["Arn"].split(":")[1],
    )
    made = {}
    # Whose each of them is, before the first is made or removed.
    if options["state"] == "present":
        options["kms_key_arn"] = kms.resolve(
            connect("kms"), options["kms_key_id"], options["wait_timeout"], options["tags"]
        )
        ensure_present(flow_log.foreseen(wanted))
        made = ensure_present(wanted)
    else:
        flow_log.remove(flow_log.foreseen(wanted))
        flow_log.remove(wanted)
    for warning in wanted.warnings:
        module.warn(warning)
    return {"flow_log": made}


def main() -> None:
    """Run the module."""
    module = AnsibleAWSModule(
        argument_spec=argument_spec(),
        required_if=[("state", "present", ("vpc_id",))],
        supports_check_mode=True,
    )
    reconcile(module, run)


if __name__ == "__main__":
    main()
