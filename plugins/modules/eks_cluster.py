#!/usr/bin/python
# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Make, change and delete an EKS cluster."""

DOCUMENTATION = r"""
---
module: eks_cluster
version_added: 0.1.0
short_description: Create, change and delete an EKS cluster
description:
  - Creates an Amazon EKS cluster, and changes in place all settings that AWS can change.
  - AWS can change the version (one minor version at a time), endpoint access, subnets, security
    groups, logs, and deletion protection. It can also change access mode, upgrade policy and tags,
    and turn on secrets encryption once.
  - Refuses all other changes before anything is changed.
options:
  name:
    description: Name of the cluster.
    type: str
    required: true
  state:
    description: Whether the cluster exists.
    type: str
    choices: [present, absent]
    default: present
  version:
    description: Kubernetes minor version, such as V(1.35).
    type: str
  rollback:
    description:
      - Whether O(version) may be one minor version below the version of the cluster. AWS rolls back
        a control plane within seven days after its upgrade. The node groups must be rolled back
        first.
    type: bool
    default: false
  ignore_insights:
    description: Whether to force the version change although EKS reports errors (cluster insights).
    type: bool
    default: false
  role_arn:
    description: ARN of the IAM role of the control plane.
    type: str
  subnet_ids:
    description: Subnets of the network interfaces of the control plane, in at least two zones.
    type: list
    elements: str
  security_group_ids:
    description: Security groups of the control plane, in addition to the group that EKS creates.
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
    description: CIDR blocks that may use the public endpoint. Required with
      O(endpoint_public_access=true).
    type: list
    elements: str
  logging:
    description: Types of control plane logs to send to CloudWatch.
    type: list
    elements: str
    choices: [api, audit, authenticator, controllerManager, scheduler]
    default: [api, audit, authenticator, controllerManager, scheduler]
  encryption_key_arn:
    description: KMS key for Kubernetes secrets. It can be set once. It can never be changed or
      removed.
    type: str
  authentication_mode:
    description: How IAM principals get access.
    type: str
    choices: [API, API_AND_CONFIG_MAP, CONFIG_MAP]
    default: API
  creator_is_admin:
    description: Whether the creator becomes administrator of the cluster. Used only when the
      cluster is created.
    type: bool
    default: false
  deletion_protection:
    description:
      - Whether AWS refuses to delete the cluster. Unchanged if not given.
      - V(false) with O(state=absent) turns the protection off before the deletion.
    type: bool
  upgrade_policy:
    description:
      - What happens at the end of standard support. With V(STANDARD) AWS upgrades the control plane
        automatically, with V(EXTENDED) AWS charges more. Unchanged if not given. New clusters start
        with V(EXTENDED).
    type: str
    choices: [STANDARD, EXTENDED]
  service_ipv4_cidr:
    description: CIDR block for the addresses of Kubernetes services. If not given, AWS chooses it
      at creation. It cannot be changed later.
    type: str
  tags:
    description: Tags to set. Other tags stay.
    type: dict
  wait:
    description: Whether to wait until AWS has finished.
    type: bool
    default: true
  wait_timeout:
    description: How long to wait, in seconds.
    type: int
    default: 1800
extends_documentation_fragment:
  - ragops.platform.reconciled
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
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

- name: Upgrade by one minor version
  ragops.platform.eks_cluster:
    name: ragops-dev
    version: "1.36"
    role_arn: arn:aws:iam::123456789012:role/ragops-dev-eks-cluster
    subnet_ids: [subnet-0a1, subnet-0b2]

- name: Take the upgrade back
  ragops.platform.eks_cluster:
    name: ragops-dev
    version: "1.35"
    rollback: true
    role_arn: arn:aws:iam::123456789012:role/ragops-dev-eks-cluster
    subnet_ids: [subnet-0a1, subnet-0b2]

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
  description: URL of the API server. V(null) if there is none yet.
  returned: always
  type: str
oidc_issuer:
  description: URL of the issuer of service account tokens. V(null) if there is none yet.
  returned: always
  type: str
security_group_id:
  description: The security group that EKS created for the cluster. V(null) if there is none yet.
  returned: always
  type: str
"""

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.ragops.platform.plugins.module_utils._eks.cluster import (
    LOG_TYPES,
    about,
    describe,
)
from ansible_collections.ragops.platform.plugins.module_utils._eks.common import session
from ansible_collections.ragops.platform.plugins.module_utils._eks.control import (
    ensure_absent,
    ensure_present,
)
from ansible_collections.ragops.platform.plugins.module_utils._eks.version import Intent
from ansible_collections.ragops.platform.plugins.module_utils.aws import require_region
from ansible_collections.ragops.platform.plugins.module_utils.reconcile import (
    Connect,
    Plan,
    reconcile,
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
    "deletion_protection": {"type": "bool"},
    "upgrade_policy": {"type": "str", "choices": ["STANDARD", "EXTENDED"]},
    "service_ipv4_cidr": {"type": "str"},
    "tags": {"type": "dict"},
}


def bring(module: Any, connect: Connect) -> tuple[bool, Any, Any]:
    """(changed, before, after)."""
    options, run_ = module.params, session(module, connect)
    if options["state"] == "absent":
        unprotect = options["deletion_protection"] is False
        return ensure_absent(run_, options["name"], unprotect=unprotect, tags=options["tags"])
    wanted = {key: options[key] for key in SETTINGS}
    if wanted["encryption_key_arn"] == "":
        wanted["encryption_key_arn"] = None
    return ensure_present(
        run_,
        options["name"],
        wanted,
        creator_is_admin=options["creator_is_admin"],
        intent=Intent(options["rollback"], options["ignore_insights"]),
        ec2=lambda: connect("ec2").client,
    )


def run(module: Any, plan: Plan, connect: Connect) -> dict[str, Any]:
    """Bring the cluster to its state; return what there is of it."""
    name = module.params["name"]
    changed, before, after = bring(module, connect)
    if changed:
        plan.record(about(name), before, after)
    raw = describe(connect("eks").client, name) or {}
    return {
        "endpoint": raw.get("endpoint"),
        "oidc_issuer": raw.get("identity", {}).get("oidc", {}).get("issuer"),
        "security_group_id": raw.get("resourcesVpcConfig", {}).get("clusterSecurityGroupId"),
        "cluster": after,
    }


def main() -> None:
    """Entry point of the module."""
    module = AnsibleAWSModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            **SETTINGS,
            "creator_is_admin": {"type": "bool", "default": False},
            "rollback": {"type": "bool", "default": False},
            "ignore_insights": {"type": "bool", "default": False},
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
    reconcile(module, run)


if __name__ == "__main__":
    main()
