#!/usr/bin/python
# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Create, change and delete node groups of an EKS cluster."""

DOCUMENTATION = r"""
---
module: eks_nodegroup
version_added: 0.1.0
short_description: Create, change and delete node groups of an EKS cluster
description:
  - Handles all node groups of a cluster in one task. It starts all changes before it waits for any
    of them.
  - Refuses changes that AWS cannot make in place, before anything is changed.
  - A group that AWS failed to create is removed and created again. Nothing is lost, because such a
    group has no nodes.
options:
  cluster:
    description: Name of the cluster.
    type: str
    required: true
  state:
    description: Whether the node groups exist.
    type: str
    choices: [present, absent]
    default: present
  node_groups:
    description: The node groups. With O(state=absent) only their names matter.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the node group.
        type: str
        required: true
      node_role_arn:
        description: ARN of the IAM role of the nodes.
        type: str
      subnet_ids:
        description: Subnets of the nodes.
        type: list
        elements: str
      instance_types:
        description: Instance types, the preferred first.
        type: list
        elements: str
        default: [t3.medium]
      ami_type:
        description: Kind of machine image.
        type: str
        default: AL2023_x86_64_STANDARD
      capacity_type:
        description: How the nodes are paid for.
        type: str
        choices: [ON_DEMAND, SPOT]
        default: ON_DEMAND
      disk_size:
        description: Size of the disk of a node in GiB. A launch template sets its own size instead.
        type: int
        default: 20
      version:
        description:
          - Kubernetes version. Defaults to the version of the cluster at creation, and later to the
            current version.
          - Another version replaces the nodes.
        type: str
      release_version:
        description:
          - Release of the machine image. Defaults to the newest release of
            O(node_groups[].version), at creation and whenever the nodes are replaced for another
            reason.
        type: str
      min_size:
        description: Minimum number of nodes.
        type: int
        default: 2
      max_size:
        description: Maximum number of nodes.
        type: int
        default: 4
      desired_size:
        description: Number of nodes at creation. Later the autoscaler sets it, between minimum and
          maximum.
        type: int
        default: 2
      max_unavailable:
        description: Number of nodes that an update replaces at a time. The AWS default is one node.
        type: int
      max_unavailable_percentage:
        description: The same number as a percentage of all nodes. Excludes
          O(node_groups[].max_unavailable).
        type: int
      update_strategy:
        description:
          - V(DEFAULT) starts new nodes before it terminates old ones. V(MINIMAL) terminates old
            nodes first, for a group without room for both.
        type: str
        choices: [DEFAULT, MINIMAL]
      node_repair:
        description: Whether EKS replaces nodes that stay unhealthy.
        type: bool
      labels:
        description: Labels of the nodes. Other labels are removed.
        type: dict
        default: {}
      taints:
        description: Taints of the nodes. Other taints are removed.
        type: list
        elements: dict
        default: []
        suboptions:
          key:
            description: Key.
            type: str
            required: true
          value:
            description: Value.
            type: str
          effect:
            description: Effect.
            type: str
            choices: [NO_SCHEDULE, NO_EXECUTE, PREFER_NO_SCHEDULE]
            required: true
      tags:
        description:
          - Tags to set. Other tags stay.
          - C(Project), C(Environment), C(Component) and C(ManagedBy) name the owner. If they are
            given, a node group of another owner is neither changed nor removed, and the module
            fails.
        type: dict
  launch_templates:
    description:
      - Launch templates by name of the node group, as M(ragops.platform.eks_launch_template)
        returns them. If a group uses another version of its template, its nodes are replaced.
      - For a group without a template EKS creates one, with only the security group of the cluster.
    type: dict
    default: {}
  force:
    description:
      - Whether replacing nodes deletes pods that a PodDisruptionBudget protects. Without it the
        update fails after 15 minutes if such pods remain.
    type: bool
    default: false
  rollback:
    description:
      - Whether nodes may change to an older Kubernetes version, as the first step of a cluster
        rollback. The nodes stay unchanged if AWS would refuse to roll back the cluster.
    type: bool
    default: false
  wait:
    description: Whether to wait until AWS has finished.
    type: bool
    default: true
  wait_timeout:
    description: How long to wait, in seconds.
    type: int
    default: 2400
extends_documentation_fragment:
  - ragops.platform.reconciled
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Make two groups of nodes side by side
  ragops.platform.eks_nodegroup:
    cluster: ragops-dev
    node_groups:
      - name: main
        node_role_arn: arn:aws:iam::123456789012:role/ragops-dev-eks-nodes
        subnet_ids: [subnet-0a1, subnet-0b2]
      - name: batch
        node_role_arn: arn:aws:iam::123456789012:role/ragops-dev-eks-nodes
        subnet_ids: [subnet-0a1, subnet-0b2]
        capacity_type: SPOT
        min_size: 0
        desired_size: 0
        taints:
          - key: batch
            effect: NO_SCHEDULE

- name: Roll a group to the cluster's new version, whatever its disruption budgets say
  ragops.platform.eks_nodegroup:
    cluster: ragops-dev
    force: true
    node_groups:
      - name: main
        node_role_arn: arn:aws:iam::123456789012:role/ragops-dev-eks-nodes
        subnet_ids: [subnet-0a1, subnet-0b2]
        version: "1.36"
        node_repair: true

- name: Remove a group
  ragops.platform.eks_nodegroup:
    cluster: ragops-dev
    state: absent
    node_groups:
      - name: batch
"""

RETURN = r"""
node_groups:
  description: The managed settings after the run, by name.
  returned: always
  type: dict
"""

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.ragops.platform.plugins.module_utils._eks import version
from ansible_collections.ragops.platform.plugins.module_utils._eks.cluster import describe
from ansible_collections.ragops.platform.plugins.module_utils._eks.common import conclude, session
from ansible_collections.ragops.platform.plugins.module_utils._eks.members import (
    ensure_absent,
    ensure_present,
)
from ansible_collections.ragops.platform.plugins.module_utils._eks.nodes import nodes
from ansible_collections.ragops.platform.plugins.module_utils.reconcile import Connect

MEMBER: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "node_role_arn": {"type": "str"},
    "subnet_ids": {"type": "list", "elements": "str"},
    "instance_types": {"type": "list", "elements": "str", "default": ["t3.medium"]},
    "ami_type": {"type": "str", "default": "AL2023_x86_64_STANDARD"},
    "capacity_type": {"type": "str", "choices": ["ON_DEMAND", "SPOT"], "default": "ON_DEMAND"},
    "disk_size": {"type": "int", "default": 20},
    "version": {"type": "str"},
    "release_version": {"type": "str"},
    "min_size": {"type": "int", "default": 2},
    "max_size": {"type": "int", "default": 4},
    "desired_size": {"type": "int", "default": 2},
    "max_unavailable": {"type": "int"},
    "max_unavailable_percentage": {"type": "int"},
    "update_strategy": {"type": "str", "choices": ["DEFAULT", "MINIMAL"]},
    "node_repair": {"type": "bool"},
    "labels": {"type": "dict", "default": {}},
    "taints": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "key": {"type": "str", "required": True, "no_log": False},
            "value": {"type": "str"},
            "effect": {
                "type": "str",
                "choices": ["NO_SCHEDULE", "NO_EXECUTE", "PREFER_NO_SCHEDULE"],
                "required": True,
            },
        },
    },
    "tags": {"type": "dict"},
}


def run(module: Any, connect: Connect) -> tuple[bool, dict[str, Any], dict[str, Any]]:
    """(changed, before by name, after by name)."""
    cluster = module.params["cluster"]
    wanted, run_ = module.params["node_groups"], session(module, connect)
    kind = nodes(force=module.params["force"], back=module.params["rollback"])
    if module.params["state"] == "absent":
        return ensure_absent(run_, kind, cluster, wanted)
    if module.params["rollback"]:
        raw = describe(run_.eks, cluster)
        version.check_way_back(run_, raw, [member["version"] for member in wanted])
    templates = module.params["launch_templates"]
    wanted = [{**member, "launch_template": templates.get(member["name"])} for member in wanted]
    return ensure_present(run_, kind, cluster, wanted)


def main() -> None:
    """Entry point of the module."""
    module = AnsibleAWSModule(
        argument_spec={
            "cluster": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "node_groups": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": MEMBER,
                "mutually_exclusive": [("max_unavailable", "max_unavailable_percentage")],
            },
            "launch_templates": {"type": "dict", "default": {}},
            "force": {"type": "bool", "default": False},
            "rollback": {"type": "bool", "default": False},
            "wait": {"type": "bool", "default": True},
            "wait_timeout": {"type": "int", "default": 2400},
        },
        supports_check_mode=True,
    )
    conclude(module, run, "node_groups")


if __name__ == "__main__":
    main()
