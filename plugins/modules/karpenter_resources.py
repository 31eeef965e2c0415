#!/usr/bin/python
# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Module karpenter_resources: queue, event rules and instance profile for Karpenter."""

from __future__ import annotations

DOCUMENTATION = r"""
module: karpenter_resources
version_added: 0.2.0
short_description: SQS queue, EventBridge rules and instance profile for the Karpenter of a cluster
description:
  - Creates, repairs or removes the SQS queue C(<name>-karpenter), the EventBridge rules
    C(<name>-karpenter-*) and the instance profile C(<name>-karpenter-nodes).
  - The rules send instance events of AWS to the queue. These are spot interruptions, rebalance
    recommendations, interruptions of capacity reservations, state changes and scheduled changes.
    The instance profile gives the nodes their IAM role.
  - The queue is encrypted by SQS. Only these rules, and SQS from this account, may send to it, and
    only with TLS.
  - Because this module creates the instance profile, Karpenter needs no permission to create one.
    M(community.aws.sqs_queue) is not used because it has no diff and no encryption by SQS.
    M(amazon.aws.cloudwatchevent_rule) is not used because it has no tags and no check mode.
options:
  name:
    description: Name of the cluster. The names of all resources begin with it.
    type: str
    required: true
  state:
    description: Whether the resources exist. V(absent) keeps the IAM role of the nodes.
    type: str
    choices: [present, absent]
    default: present
  node_role:
    description: Name of the IAM role of the nodes. Required with O(state=present).
    type: str
  retention_seconds:
    description: Seconds for which the queue keeps a message. Older warnings are of no use.
    type: int
    default: 300
  tags:
    description: Tags of every resource. Tags that others added are kept.
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
  description: Names of the resources.
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
