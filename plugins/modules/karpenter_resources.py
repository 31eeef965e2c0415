#!/usr/bin/python
# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Module karpenter_resources: queue, event rules and instance profile for Karpenter."""

from __future__ import annotations

DOCUMENTATION = r"""
module: karpenter_resources
version_added: 0.2.0
short_description: Queue, event rules and instance profile that Karpenter of a cluster works with
description:
  - Makes, repairs or removes the SQS queue C(<name>-karpenter), the EventBridge rules
    C(<name>-karpenter-*) that fill it with what AWS says of instances (spot interruption,
    rebalance recommendation, interruption of a capacity reservation, change of state, scheduled
    change), and the instance profile C(<name>-karpenter-nodes) by which its nodes carry their role.
  - The queue is encrypted by SQS. Only these rules, and SQS from this account, may send to it, and
    nobody without TLS.
  - With the profile made here Karpenter need not be allowed to make any.
  - Not for what M(community.aws.sqs_queue) and M(amazon.aws.cloudwatchevent_rule) do, since the one
    knows no encryption by SQS and no diff, and the other neither tags nor check mode.
options:
  name:
    description: Name of the cluster; the names of all begin with it.
    type: str
    required: true
  state:
    description: Whether they exist. V(absent) leaves the nodes' role.
    type: str
    choices: [present, absent]
    default: present
  node_role:
    description: Name of the IAM role of the nodes. Required with O(state=present).
    type: str
  retention_seconds:
    description: For how long the queue keeps a message; a warning is of no use later.
    type: int
    default: 300
  tags:
    description: Tags of every resource. Tags that others add are left alone.
    type: dict
    required: true
extends_documentation_fragment:
  - ragops.platform.reconciled
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Make what Karpenter needs
  ragops.platform.karpenter_resources:
    name: ragops-dev
    node_role: ragops-dev-eks-nodes
    tags: {Project: ragops, Environment: dev}

- name: Remove it
  ragops.platform.karpenter_resources:
    name: ragops-dev
    state: absent
    tags: {Project: ragops, Environment: dev}
"""

RETURN = r"""
karpenter:
  description: How they are called.
  returned: when O(state=present)
  type: dict
  contains:
    queue:
      description: Name of the queue.
      type: str
      returned: always
      sample: ragops-dev-karpenter
    queue_arn:
      description: ARN of the queue.
      type: str
      returned: always
      sample: arn:aws:sqs:us-east-1:000000000000:ragops-dev-karpenter
    rules:
      description: Names of the rules.
      type: list
      elements: str
      returned: always
    instance_profile:
      description: Name of the instance profile.
      type: str
      returned: always
      sample: ragops-dev-karpenter-nodes
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.ragops.platform.plugins.module_utils import aws
from ansible_collections.ragops.platform.plugins.module_utils._karpenter import queue, rules
from ansible_collections.ragops.platform.plugins.module_utils._karpenter.run import Run
from ansible_collections.ragops.platform.plugins.module_utils.reconcile import (
    Api,
    Connect,
    Plan,
    reconcile,
    require_tags,
)
from ansible_collections.ragops.platform.plugins.module_utils.resources import instance_profile


def argument_spec() -> dict[str, Any]:
    """Return the module's options."""
    return {
        "name": {"type": "str", "required": True},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "node_role": {"type": "str"},
        "retention_seconds": {"type": "int", "default": 300},
        "tags": {"type": "dict", "required": True},
    }


def ensure_present(run: Run, iam: Api, node_role: str) -> dict[str, Any]:
    """Make queue, rules and profile: the queue first, which the rules send to."""
    profile = f"{run.name}-karpenter-nodes"
    queue.ensure(run, rules.names(run))
    rules.ensure(run)
    instance_profile.ensure_present(iam, run.plan, profile, node_role, dict(run.tags))
    return {
        "queue": run.queue,
        "queue_arn": run.queue_arn,
        "rules": rules.names(run),
        "instance_profile": profile,
    }


def ensure_absent(run: Run, iam: Api) -> None:
    """Remove them in reverse."""
    instance_profile.ensure_absent(iam, run.plan, f"{run.name}-karpenter-nodes", dict(run.tags))
    rules.remove(run)
    queue.remove(run)


def bring(module: Any, plan: Plan, connect: Connect) -> Mapping[str, Any]:
    """Bring them to the wanted state."""
    options, iam = module.params, connect("iam")
    require_tags(options["tags"])
    caller = connect("sts").read("get_caller_identity", "the caller's identity")
    run = Run(
        connect("sqs"),
        connect("events"),
        plan,
        name=options["name"],
        region=aws.require_region(module),
        account=caller["Account"],
        partition=caller["Arn"].split(":")[1],
        tags={key: str(value) for key, value in options["tags"].items()},
        retention_seconds=options["retention_seconds"],
    )
    # Whose each of them is, before the first is made or removed.
    foreseen = replace(run, sqs=run.sqs.quiet(), events=run.events.quiet(), plan=Plan())
    if options["state"] == "absent":
        ensure_absent(foreseen, iam.quiet())
        ensure_absent(run, iam)
        return {}
    ensure_present(foreseen, iam.quiet(), options["node_role"])
    return {"karpenter": ensure_present(run, iam, options["node_role"])}


def main() -> None:
    """Run the module."""
    module = AnsibleAWSModule(
        argument_spec=argument_spec(),
        required_if=[("state", "present", ("node_role",))],
        supports_check_mode=True,
    )
    reconcile(module, bring)


if __name__ == "__main__":
    main()
