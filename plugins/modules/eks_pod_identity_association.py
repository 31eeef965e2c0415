#!/usr/bin/python
# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Give service accounts of an EKS cluster IAM roles."""

DOCUMENTATION = r"""
---
module: eks_pod_identity_association
version_added: 0.2.0
short_description: Give service accounts of an EKS cluster IAM roles through EKS Pod Identity
description:
  - An association lets the pods of a service account assume an IAM role, through the add-on
    C(eks-pod-identity-agent). The role must trust C(pods.eks.amazonaws.com).
  - Associations of service accounts that are not listed here stay unchanged.
options:
  cluster:
    description: Name of the cluster.
    type: str
    required: true
  state:
    description: Whether the associations exist.
    type: str
    choices: [present, absent]
    default: present
  associations:
    description: The associations. With O(state=absent) the roles are ignored.
    type: list
    elements: dict
    required: true
    suboptions:
      namespace:
        description: Namespace of the service account.
        type: str
        required: true
      service_account:
        description: Name of the service account. It need not exist yet.
        type: str
        required: true
      role_arn:
        description: ARN of the role. Required with O(state=present).
        type: str
        default: ""
  tags:
    description:
      - Tags of all associations. Other tags stay.
      - C(Project), C(Environment), C(Component) and C(ManagedBy) name the owner. If they are given,
        an association of another owner is neither changed nor removed, and the module fails.
    type: dict
    default: {}
extends_documentation_fragment:
  - ragops.platform.reconciled
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Give the backend its role
  ragops.platform.eks_pod_identity_association:
    cluster: ragops-dev
    associations:
      - namespace: rag
        service_account: rag-backend
        role_arn: arn:aws:iam::123456789012:role/ragops-dev-workload-backend

- name: Take it away
  ragops.platform.eks_pod_identity_association:
    cluster: ragops-dev
    state: absent
    associations:
      - namespace: rag
        service_account: rag-backend
"""

RETURN = r"""
associations:
  description: The associations after the run, by C(<namespace>/<service account>).
  returned: always
  type: dict
"""

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.ragops.platform.plugins.module_utils._eks.common import conclude, session
from ansible_collections.ragops.platform.plugins.module_utils._eks.pod_identity import (
    about,
    ensure_absent,
    ensure_present,
    key_of,
)
from ansible_collections.ragops.platform.plugins.module_utils.aws import AwsError
from ansible_collections.ragops.platform.plugins.module_utils.reconcile import Connect

ASSOCIATION: dict[str, Any] = {
    "namespace": {"type": "str", "required": True},
    "service_account": {"type": "str", "required": True},
    "role_arn": {"type": "str", "default": ""},
}


def run(module: AnsibleAWSModule, connect: Connect) -> tuple[bool, Any, Any]:
    """(changed, before, after), by namespace and service account."""
    run_ = session(module, connect)
    cluster, wanted = module.params["cluster"], module.params["associations"]
    tags = {key: str(value) for key, value in module.params["tags"].items()}
    # Whose each of them is, before the first is made or removed.
    quiet = run_.quiet()
    if module.params["state"] == "absent":
        ensure_absent(quiet, cluster, wanted, tags)
        return ensure_absent(run_, cluster, wanted, tags)
    for entry in wanted:
        if not entry["role_arn"]:
            raise AwsError(
                f"The {about(cluster, key_of(entry))} needs a role_arn. Nothing was changed."
            )
    ensure_present(quiet, cluster, wanted, tags)
    return ensure_present(run_, cluster, wanted, tags)


def main() -> None:
    """Entry point of the module."""
    module = AnsibleAWSModule(
        argument_spec={
            "cluster": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "associations": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": ASSOCIATION,
            },
            "tags": {"type": "dict", "default": {}},
        },
        supports_check_mode=True,
    )
    conclude(module, run, "associations")


if __name__ == "__main__":
    main()
