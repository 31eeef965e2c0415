#!/usr/bin/python
# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Make, change and delete add-ons of an EKS cluster."""

DOCUMENTATION = r"""
---
module: eks_addon
version_added: 0.1.0
short_description: Make, change and delete add-ons of an EKS cluster
description:
  - Takes all add-ons of a cluster at once. All are begun before any is awaited.
  - Refuses what AWS can't change in place, before anything is changed.
options:
  cluster:
    description: Name of the cluster.
    type: str
    required: true
  state:
    description: Whether the add-ons shall exist.
    type: str
    choices: [present, absent]
    default: present
  addons:
    description: The add-ons. With O(state=absent) only their names matter.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the add-on.
        type: str
        required: true
      version:
        description: Version of the add-on. Unset, AWS's default at creation, then what is there.
        type: str
      configuration:
        description: Values of the add-on's own configuration schema.
        type: dict
      service_account_role_arn:
        description: IAM role of the add-on's service account.
        type: str
      tags:
        description: Tags to set. Other tags stay.
        type: dict
  wait:
    description: Whether to wait until AWS is done.
    type: bool
    default: true
  wait_timeout:
    description: How long to wait, in seconds.
    type: int
    default: 1200
extends_documentation_fragment: ragops.platform.reconciled
"""

EXAMPLES = r"""
- name: Enforce network policies from the first node on
  ragops.platform.eks_addon:
    cluster: ragops-dev
    addons:
      - name: vpc-cni
        configuration:
          enableNetworkPolicy: "true"
      - name: eks-pod-identity-agent
    wait: false

- name: Remove an add-on
  ragops.platform.eks_addon:
    cluster: ragops-dev
    state: absent
    addons:
      - name: metrics-server
"""

RETURN = r"""
addons:
  description: The managed settings after the run, by name.
  returned: always
  type: dict
"""

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.ragops.platform.plugins.module_utils._eks.common import session
from ansible_collections.ragops.platform.plugins.module_utils._eks.kinds import ADDON
from ansible_collections.ragops.platform.plugins.module_utils._eks.members import (
    ensure_absent,
    ensure_present,
)
from ansible_collections.ragops.platform.plugins.module_utils.aws import AwsError, require_region

MEMBER: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "version": {"type": "str"},
    "configuration": {"type": "dict"},
    "service_account_role_arn": {"type": "str"},
    "tags": {"type": "dict"},
}


def run(module: Any) -> tuple[bool, dict[str, Any], dict[str, Any]]:
    """(changed, before by name, after by name)."""
    cluster = module.params["cluster"]
    wanted = module.params["addons"]
    if module.params["state"] == "absent":
        names = [member["name"] for member in wanted]
        return ensure_absent(session(module), ADDON, cluster, names)
    return ensure_present(session(module), ADDON, cluster, wanted)


def main() -> None:
    """Entry point of the module."""
    module = AnsibleAWSModule(
        argument_spec={
            "cluster": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "addons": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": MEMBER,
            },
            "wait": {"type": "bool", "default": True},
            "wait_timeout": {"type": "int", "default": 1200},
        },
        supports_check_mode=True,
    )
    require_region(module)
    try:
        changed, before, after = run(module)
    except AwsError as error:
        module.fail_json(msg=str(error), action=error.action, code=error.code)
    module.exit_json(changed=changed, addons=after, diff={"before": before, "after": after})


if __name__ == "__main__":
    main()
