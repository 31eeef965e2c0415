#!/usr/bin/python
# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Module eks_launch_template: launch templates for managed node groups."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: eks_launch_template
version_added: 0.1.0
short_description: Launch templates for node groups of an EKS cluster
description:
  - Creates, changes or removes one launch template per node group, named C(<cluster>-<name>).
  - A template contains the settings that EKS does not cover. These are security groups, root volume
    (gp3, encrypted), instance metadata (IMDSv2 only, one hop), and tags of instances and volumes.
  - A difference from the latest version creates a new version. M(ragops.platform.eks_nodegroup)
    then replaces the nodes.
  - Unlike M(amazon.aws.ec2_launch_template), it ignores settings that AWS adds to a version. So a
    second run creates no new version, and check mode and diff show ids and settings.
options:
  cluster:
    description: Name of the cluster.
    type: str
    required: true
  state:
    description: Whether the templates exist.
    type: str
    choices: [present, absent]
    default: present
  templates:
    description: The templates. With O(state=absent) only their names matter.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the node group.
        type: str
        required: true
      disk_size:
        description: Size of a node's disk in GiB.
        type: int
        default: 20
      kms_key_arn:
        description:
          - KMS key for the disk. Defaults to the AWS managed key for EBS.
          - The service-linked role of EC2 Auto Scaling must be allowed to use the key.
        type: str
  security_group_ids:
    description:
      - All security groups of the nodes. EKS adds none, so this list must include the security
        group of the cluster.
      - Required with O(state=present).
    type: list
    elements: str
  tags:
    description: Tags of templates, instances and volumes. Other tags of a template stay.
    type: dict
    default: {}
extends_documentation_fragment:
  - ragops.platform.reconciled
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Make the template of node group main
  ragops.platform.eks_launch_template:
    cluster: ragops-dev
    templates:
      - name: main
        disk_size: 50
    security_group_ids: [sg-0c1, sg-0d2]
    tags: {Project: ragops, Environment: dev}
  register: made

- name: Remove it after its node group
  ragops.platform.eks_launch_template:
    cluster: ragops-dev
    state: absent
    templates:
      - name: main
"""

RETURN = r"""
launch_templates:
  description: Id and version of each template, by node group. In check mode an id that does not
    exist yet is C((known after creation)).
  returned: always
  type: dict
  sample: {main: {id: lt-0a1b2c3d, version: "1"}}
"""

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.ragops.platform.plugins.module_utils._eks.template import (
    ensure_absent,
    ensure_present,
)
from ansible_collections.ragops.platform.plugins.module_utils.aws import require_region
from ansible_collections.ragops.platform.plugins.module_utils.reconcile import (
    Connect,
    Plan,
    reconcile,
)


def run(module: Any, plan: Plan, connect: Connect) -> dict[str, Any]:
    """Bring the templates to their state; return id and version by node group."""
    options, api = module.params, connect("ec2")
    if options["state"] == "absent":
        names = [item["name"] for item in options["templates"]]
        ensure_absent(api, plan, options["cluster"], names, options["tags"])
        return {"launch_templates": {}}
    made = ensure_present(
        api,
        plan,
        options["cluster"],
        options["templates"],
        options["security_group_ids"],
        {key: str(value) for key, value in options["tags"].items()},
    )
    return {"launch_templates": made}


def main() -> None:
    """Entry point of the module."""
    template = {
        "name": {"type": "str", "required": True},
        "disk_size": {"type": "int", "default": 20},
        "kms_key_arn": {"type": "str", "no_log": False},
    }
    module = AnsibleAWSModule(
        argument_spec={
            "cluster": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "templates": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": template,
            },
            "security_group_ids": {"type": "list", "elements": "str"},
            "tags": {"type": "dict", "default": {}},
        },
        required_if=[("state", "present", ("security_group_ids",))],
        supports_check_mode=True,
    )
    require_region(module)
    reconcile(module, run, Plan(named_by_aws=True))


if __name__ == "__main__":
    main()
