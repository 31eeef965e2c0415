#!/usr/bin/python
# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Create, change and delete access entries of an EKS cluster."""

DOCUMENTATION = r"""
---
module: eks_access_entry
version_added: 0.1.0
short_description: Create, change and delete access entries of an EKS cluster
description:
  - An access entry gives an IAM principal rights in a cluster, through EKS access policies or
    Kubernetes groups.
  - Entries of principals that are not listed here stay unchanged, unless O(purge=true).
options:
  cluster:
    description: Name of the cluster.
    type: str
    required: true
  state:
    description: Whether the entries exist.
    type: str
    choices: [present, absent]
    default: present
  entries:
    description: The entries. With O(state=absent) only their principals matter.
    type: list
    elements: dict
    required: true
    suboptions:
      principal_arn:
        description:
          - ARN of an IAM role or user. For a session, give the ARN of its role.
          - C({caller}) stands for the identity that runs the module.
        type: str
        required: true
      kubernetes_groups:
        description: Kubernetes groups of the principal. Other groups are removed.
        type: list
        elements: str
        default: []
      policies:
        description: Associated access policies. Other policies are removed.
        type: list
        elements: dict
        default: []
        suboptions:
          policy_arn:
            description: ARN of an access policy of EKS, or its name, such as
              V(AmazonEKSClusterAdminPolicy).
            type: str
            required: true
          namespaces:
            description: Namespaces in which the policy applies. Empty means the whole cluster.
            type: list
            elements: str
            default: []
      tags:
        description: Tags to set. Other tags stay.
        type: dict
  purge:
    description:
      - With O(state=present), whether entries of other principals are removed.
      - Entries that AWS creates for nodes and services are never removed.
    type: bool
    default: false
extends_documentation_fragment:
  - ragops.platform.reconciled
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Make a role administrator of the cluster
  ragops.platform.eks_access_entry:
    cluster: ragops-dev
    entries:
      - principal_arn: arn:aws:iam::123456789012:role/platform-engineers
        policies:
          - policy_arn: arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy

- name: Let a role edit in one namespace, and take the rights of everybody else but the caller
  ragops.platform.eks_access_entry:
    cluster: ragops-dev
    purge: true
    entries:
      - principal_arn: "{caller}"
        policies:
          - policy_arn: AmazonEKSClusterAdminPolicy
      - principal_arn: arn:aws:iam::123456789012:role/developers
        policies:
          - policy_arn: AmazonEKSEditPolicy
            namespaces: [rag]

- name: Take the rights of a role
  ragops.platform.eks_access_entry:
    cluster: ragops-dev
    state: absent
    entries:
      - principal_arn: arn:aws:iam::123456789012:role/developers
"""

RETURN = r"""
entries:
  description: The entries after the run, by principal.
  returned: always
  type: dict
"""

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.ragops.platform.plugins.module_utils._eks.access import (
    ensure_absent,
    ensure_present,
    expanded,
    principal_of,
)
from ansible_collections.ragops.platform.plugins.module_utils._eks.common import conclude, session
from ansible_collections.ragops.platform.plugins.module_utils.reconcile import Connect

ENTRY: dict[str, Any] = {
    "principal_arn": {"type": "str", "required": True},
    "kubernetes_groups": {"type": "list", "elements": "str", "default": []},
    "policies": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "policy_arn": {"type": "str", "required": True},
            "namespaces": {"type": "list", "elements": "str", "default": []},
        },
    },
    "tags": {"type": "dict"},
}


def run(module: Any, connect: Connect) -> tuple[bool, Any, Any]:
    """(changed, before by principal, after by principal)."""
    run_ = session(module, connect)
    # Whose each of them is, before the first is made or removed.
    quiet = run_.quiet()
    cluster = module.params["cluster"]
    entries = expanded(
        module.params["entries"],
        lambda: principal_of(connect("sts").client, connect("iam").client),
    )
    if module.params["state"] == "absent":
        ensure_absent(quiet, cluster, entries)
        return ensure_absent(run_, cluster, entries)
    ensure_present(quiet, cluster, entries)
    return ensure_present(run_, cluster, entries, purge=module.params["purge"])


def main() -> None:
    """Entry point of the module."""
    module = AnsibleAWSModule(
        argument_spec={
            "cluster": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "entries": {"type": "list", "elements": "dict", "required": True, "options": ENTRY},
            "purge": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    conclude(module, run, "entries")


if __name__ == "__main__":
    main()
