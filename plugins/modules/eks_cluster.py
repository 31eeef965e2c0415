#!/usr/bin/python
# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Make, change and delete an EKS cluster."""

DOCUMENTATION = r"""
---
module: eks_cluster
version_added: 0.1.0
short_description: Make, change and delete an EKS cluster
description:
  - Creates an Amazon EKS cluster and changes in place what AWS can change in place, which are
    version (one minor at a time), endpoint access, subnets, security groups, logs, secrets
    encryption (once), access mode, deletion protection and tags.
  - Refuses what AWS can't change, before anything is changed.
options:
  name:
    description: Name of the cluster.
    type: str
    required: true
  state:
    description: Whether the cluster shall exist.
    type: str
    choices: [present, absent]
    default: present
  version:
    description: Kubernetes minor version, such as V(1.35).
    type: str
  role_arn:
    description: ARN of the IAM role of the control plane.
    type: str
  subnet_ids:
    description: Subnets of the control plane's network interfaces, in at least two zones.
    type: list
    elements: str
  security_group_ids:
    description: Security groups of the control plane, beside the one which EKS makes.
    type: list
    elements: str
  endpoint_private_access:
    description: Whether the API server answers inside the VPC.
    type: bool
    default: true
  endpoint_public_access:
    description: Whether the API server answers on the internet.
    type: bool
    default: false
  public_access_cidrs:
    description: Ranges that may use the public endpoint. Required with it.
    type: list
    elements: str
  logging:
    description: Types of control plane logs to send to CloudWatch.
    type: list
    elements: str
    choices: [api, audit, authenticator, controllerManager, scheduler]
    default: [api, audit, authenticator, controllerManager, scheduler]
  encryption_key_arn:
    description: KMS key for Kubernetes secrets. Can be set once, and not be taken away.
    type: str
  authentication_mode:
    description: How IAM principals get access.
    type: str
    choices: [API, API_AND_CONFIG_MAP, CONFIG_MAP]
    default: API
  creator_is_admin:
    description: Whether the creator becomes administrator of the cluster. Used at creation only.
    type: bool
    default: false
  deletion_protection:
    description: Whether AWS refuses to delete the cluster.
    type: bool
    default: false
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
    default: 1800
extends_documentation_fragment: ragops.platform.reconciled
"""

EXAMPLES = r"""
- name: Start a cluster without waiting for it
  ragops.platform.eks_cluster:
    name: ragops-dev
    version: "1.35"
    role_arn: arn:aws:iam::123456789012:role/ragops-dev-eks-cluster
    subnet_ids: [subnet-0a1, subnet-0b2]
    wait: false

- name: Open the API server to the office
  ragops.platform.eks_cluster:
    name: ragops-dev
    version: "1.35"
    role_arn: arn:aws:iam::123456789012:role/ragops-dev-eks-cluster
    subnet_ids: [subnet-0a1, subnet-0b2]
    endpoint_public_access: true
    public_access_cidrs: [203.0.113.0/24]

- name: Delete the cluster
  ragops.platform.eks_cluster:
    name: ragops-dev
    state: absent
"""

RETURN = r"""
cluster:
  description: The managed settings after the run; V(null) when the cluster is absent.
  returned: always
  type: dict
  sample:
    name: ragops-dev
    version: "1.35"
    endpoint_private_access: true
    endpoint_public_access: false
    logging: [api, audit, authenticator, controllerManager, scheduler]
    authentication_mode: API
endpoint:
  description: URL of the API server; V(null) while there is none.
  returned: always
  type: str
oidc_issuer:
  description: URL of the issuer of service account tokens; V(null) while there is none.
  returned: always
  type: str
security_group_id:
  description: The security group that EKS made for the cluster; V(null) while there is none.
  returned: always
  type: str
"""

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.ragops.platform.plugins.module_utils._eks.cluster import (
    LOG_TYPES,
    describe,
    ensure_absent,
    ensure_present,
)
from ansible_collections.ragops.platform.plugins.module_utils._eks.common import session
from ansible_collections.ragops.platform.plugins.module_utils.aws import (
    AwsError,
    client,
    require_region,
)

SETTINGS: dict[str, Any] = {
    "version": {"type": "str"},
    "role_arn": {"type": "str"},
    "subnet_ids": {"type": "list", "elements": "str"},
    "security_group_ids": {"type": "list", "elements": "str"},
    "endpoint_private_access": {"type": "bool", "default": True},
    "endpoint_public_access": {"type": "bool", "default": False},
    "public_access_cidrs": {"type": "list", "elements": "str"},
    "logging": {
        "type": "list",
        "elements": "str",
        "choices": list(LOG_TYPES),
        "default": list(LOG_TYPES),
    },
    "encryption_key_arn": {"type": "str"},
    "authentication_mode": {
        "type": "str",
        "choices": ["API", "API_AND_CONFIG_MAP", "CONFIG_MAP"],
        "default": "API",
    },
    "deletion_protection": {"type": "bool", "default": False},
    "tags": {"type": "dict"},
}


def run(module: Any) -> tuple[bool, Any, Any]:
    """(changed, before, after)."""
    name = module.params["name"]
    if module.params["state"] == "absent":
        return ensure_absent(session(module), name)
    wanted = {key: module.params[key] for key in SETTINGS}
    if wanted["encryption_key_arn"] == "":
        wanted["encryption_key_arn"] = None
    admin = module.params["creator_is_admin"]
    return ensure_present(session(module), name, wanted, creator_is_admin=admin)


def main() -> None:
    """Entry point of the module."""
    module = AnsibleAWSModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            **SETTINGS,
            "creator_is_admin": {"type": "bool", "default": False},
            "wait": {"type": "bool", "default": True},
            "wait_timeout": {"type": "int", "default": 1800},
        },
        required_if=[
            ("state", "present", ["version", "role_arn", "subnet_ids"]),
            ("endpoint_public_access", True, ["public_access_cidrs"]),
        ],
        supports_check_mode=True,
    )
    require_region(module)
    try:
        changed, before, after = run(module)
        raw = describe(client(module, "eks"), module.params["name"])
    except AwsError as error:
        module.fail_json(msg=str(error), action=error.action, code=error.code)
    module.exit_json(
        changed=changed,
        endpoint=(raw or {}).get("endpoint"),
        oidc_issuer=(raw or {}).get("identity", {}).get("oidc", {}).get("issuer"),
        security_group_id=(raw or {}).get("resourcesVpcConfig", {}).get("clusterSecurityGroupId"),
        cluster=after,
        diff={"before": before or {}, "after": after or {}},
    )


if __name__ == "__main__":
    main()
