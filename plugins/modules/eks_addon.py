#!/usr/bin/python
# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Create, change and delete add-ons of an EKS cluster."""

DOCUMENTATION = r"""
---
module: eks_addon
version_added: 0.1.0
short_description: Create, change and delete add-ons of an EKS cluster
description:
  - Handles all add-ons of a cluster in one task. It starts all changes before it waits for any of
    them.
  - Versions are resolved before anything is changed. A version that AWS does not offer for the
    Kubernetes version is refused, and the error lists the offered versions.
options:
  cluster:
    description: Name of the cluster.
    type: str
    required: true
  state:
    description: Whether the add-ons exist.
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
        description:
          - Version of the add-on. Without it the installed version stays as long as AWS offers it
            for O(kubernetes_versions). Otherwise the AWS default for the first of these versions is
            installed.
        type: str
      configuration:
        description: Values of the configuration schema of the add-on. Other values return to the
          AWS defaults.
        type: dict
        default: {}
      service_account_role_arn:
        description: IAM role of the service account of the add-on.
        type: str
      tags:
        description:
          - Tags to set. Other tags stay.
          - C(Project), C(Environment), C(Component) and C(ManagedBy) name the owner. If they are
            given, an add-on of another owner is neither changed nor removed, and the module fails.
        type: dict
  service_account_role_arns:
    description:
      - IAM roles of service accounts, by name of the add-on. Used for add-ons without
        O(addons[].service_account_role_arn).
    type: dict
    default: {}
  kubernetes_versions:
    description:
      - Kubernetes minor versions that each add-on must support. Defaults to the version of the
        cluster. Give both versions while the cluster changes from one to the other.
    type: list
    elements: str
  renew:
    description: Whether add-ons without O(addons[].version) get the AWS default version even if the
      installed version is still offered.
    type: bool
    default: false
  wait:
    description: Whether to wait until AWS has finished.
    type: bool
    default: true
  wait_timeout:
    description: How long to wait, in seconds.
    type: int
    default: 1200
extends_documentation_fragment:
  - ragops.platform.reconciled
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
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

- name: Bring an add-on along after the control plane
  ragops.platform.eks_addon:
    cluster: ragops-dev
    kubernetes_versions: ["1.35"]
    renew: true
    addons:
      - name: kube-proxy

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
from ansible_collections.ragops.platform.plugins.module_utils._eks.addons import (
    ADDON,
    with_versions,
)
from ansible_collections.ragops.platform.plugins.module_utils._eks.cluster import describe
from ansible_collections.ragops.platform.plugins.module_utils._eks.common import (
    Session,
    conclude,
    session,
)
from ansible_collections.ragops.platform.plugins.module_utils._eks.members import (
    ensure_absent,
    ensure_present,
)
from ansible_collections.ragops.platform.plugins.module_utils.aws import AwsError
from ansible_collections.ragops.platform.plugins.module_utils.reconcile import Connect

MEMBER: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "version": {"type": "str"},
    "configuration": {"type": "dict", "default": {}},
    "service_account_role_arn": {"type": "str"},
    "tags": {"type": "dict"},
}


def run(module: Any, connect: Connect) -> tuple[bool, dict[str, Any], dict[str, Any]]:
    """(changed, before by name, after by name)."""
    cluster = module.params["cluster"]
    wanted, run_ = module.params["addons"], session(module, connect)
    if module.params["state"] == "absent":
        return ensure_absent(run_, ADDON, cluster, wanted)
    roles = module.params["service_account_role_arns"]
    key = "service_account_role_arn"
    wanted = [{**addon, key: addon[key] or roles.get(addon["name"])} for addon in wanted]
    wanted = with_versions(
        run_, cluster, wanted, _kubernetes(module, run_, cluster), renew=module.params["renew"]
    )
    return ensure_present(run_, ADDON, cluster, wanted)


def _kubernetes(module: Any, run_: Session, cluster: str) -> list[str]:
    """The Kubernetes versions that the add-ons have to fit."""
    if given := module.params["kubernetes_versions"]:
        return list(given)
    found = describe(run_.eks, cluster)
    if found is None:
        raise AwsError(
            f"There is no EKS cluster {cluster}, so the Kubernetes version for its add-ons is not"
            " known. Create the cluster first, or give kubernetes_versions."
        )
    return [found["version"]]


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
            "service_account_role_arns": {"type": "dict", "default": {}},
            "kubernetes_versions": {"type": "list", "elements": "str"},
            "renew": {"type": "bool", "default": False},
            "wait": {"type": "bool", "default": True},
            "wait_timeout": {"type": "int", "default": 1200},
        },
        supports_check_mode=True,
    )
    conclude(module, run, "addons")


if __name__ == "__main__":
    main()
