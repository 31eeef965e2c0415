#!/usr/bin/python
# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Module eks_log_group: the CloudWatch log group of an EKS control plane."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: eks_log_group
version_added: 0.2.0
short_description: The CloudWatch log group of an EKS control plane
description:
  - EKS writes its control plane logs to C(/aws/eks/<cluster>/cluster). If this module creates the
    group before the cluster, it has a retention, a key and an owner. Otherwise EKS creates a group
    that keeps everything.
  - An existing group that EKS created is adopted. A group with tags of another owner is refused.
  - The last log lines of a deleted cluster can create the group again. So delete it after the
    cluster; the module looks for it again and deletes it again.
  - Unlike M(amazon.aws.cloudwatchlogs_log_group), it sets the key of an existing group, keeps tags
    that others added, and shows a diff.
options:
  cluster:
    description: Name of the cluster.
    type: str
    required: true
  state:
    description: Whether the group exists.
    type: str
    choices: [present, absent]
    default: present
  retention_days:
    description: Days for which logs are kept, in the steps of CloudWatch. V(0) means for ever.
    type: int
    choices: [0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731,
      1096, 1827, 2192, 2557, 2922, 3288, 3653]
    default: 365
  kms_key_arn:
    description:
      - KMS key for the logs. Unchanged if not given. A new group then uses the default encryption
        of CloudWatch.
      - The key policy must allow CloudWatch Logs to use the key.
    type: str
  watch_seconds:
    description:
      - With O(state=absent), seconds for which the module looks for the group again and deletes it
        again.
    type: int
    default: 30
  tags:
    description: Tags to set. Other tags stay.
    type: dict
    default: {}
extends_documentation_fragment:
  - ragops.platform.reconciled
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Make the group before the cluster
  ragops.platform.eks_log_group:
    cluster: ragops-dev
    retention_days: 365
    tags: {Project: ragops, Environment: dev}

- name: Remove it after the cluster
  ragops.platform.eks_log_group:
    cluster: ragops-dev
    state: absent
    watch_seconds: 0
"""

RETURN = r"""
name:
  description: Name of the log group.
  returned: always
  type: str
  sample: /aws/eks/ragops-dev/cluster
"""

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.ragops.platform.plugins.module_utils.aws import require_region
from ansible_collections.ragops.platform.plugins.module_utils.reconcile import (
    Connect,
    Plan,
    reconcile,
)
from ansible_collections.ragops.platform.plugins.module_utils.resources import log_group


def name_of(cluster: str) -> str:
    """Return the only name to which EKS writes."""
    return f"/aws/eks/{cluster}/cluster"


def run(module: Any, plan: Plan, connect: Connect) -> dict[str, Any]:
    """Bring the group to its state; return its name."""
    options, api = module.params, connect("logs")
    name = name_of(options["cluster"])
    tags = {key: str(value) for key, value in options["tags"].items()}
    if options["state"] == "absent":
        watch = options["watch_seconds"]
        log_group.ensure_absent(api, plan, lambda: log_group.called(api, name), tags, watch=watch)
    else:
        key = options["kms_key_arn"] or None
        wanted = log_group.Wanted(name, options["retention_days"], key, tags)
        log_group.ensure_present(api, plan, wanted)
    return {"name": name}


def main() -> None:
    """Entry point of the module."""
    module = AnsibleAWSModule(
        argument_spec={
            "cluster": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "retention_days": {
                "type": "int",
                "choices": list(log_group.RETENTIONS),
                "default": 365,
            },
            "kms_key_arn": {"type": "str", "no_log": False},
            "watch_seconds": {"type": "int", "default": 30},
            "tags": {"type": "dict", "default": {}},
        },
        supports_check_mode=True,
    )
    require_region(module)
    reconcile(module, run)


if __name__ == "__main__":
    main()
