#!/usr/bin/python
# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Find what is left of one platform environment in AWS."""

DOCUMENTATION = r"""
---
module: platform_sweep
version_added: 0.2.0
short_description: Find resources that remain after a platform environment was destroyed
description:
  - Returns the resources that still exist of one platform. Lists the resources of every service
    that the platform uses, and searches all other services by tag. Reads all services in parallel.
  - A resource belongs to the platform if its tags C(Project), C(Environment) and C(ManagedBy)
    match, or if it is in the VPC of the platform. EKS and controllers of the cluster set their own
    tags on load balancers, target groups, volumes, network interfaces and nodes of Karpenter, which
    also count. Resources without tags are recognized by their full name.
  - Another platform whose name begins in the same way is not included, such as C(ragops-devel) or
    C(ragops-dev-2) for C(ragops-dev). - Only reads.
options:
  project:
    description: Value of the tag C(Project), first part of all names.
    type: str
    required: true
  environment:
    description: Value of the tag C(Environment), second part of all names.
    type: str
    required: true
  survivors:
    description:
      - Components whose data is kept on purpose. Their buckets, snapshots, retained backups,
        volumes, repositories, keys, secrets and log groups are returned in RV(kept).
      - Compute and network resources, such as an instance or a NAT gateway, are never in RV(kept).
      - Allowed are C(ecr), C(elasticache), C(kms), C(milvus), C(rds), C(s3), C(secrets), and
        C(logs) for the log groups of all components.
    type: list
    elements: str
    default: []
  replica_region:
    description: Another region, into which the buckets are replicated. The module also searches it
      for the key and for resources with the tags of the platform. It finds replica buckets even
      without this option.
    type: str
    default: ""
  hosted_zone:
    description: Id or name of the hosted zone with the records of the application. The module
      searches it for records that a TXT record of the platform names.
    type: str
    default: ""
extends_documentation_fragment:
  - ragops.platform.reading
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Look for what is left
  ragops.platform.platform_sweep:
    project: ragops
    environment: dev
    region: us-east-1
  register: sweep

- name: Assert that nothing billed is left
  ansible.builtin.assert:
    that: sweep['left'] | selectattr('billed') | length == 0

- name: Let data outlive the platform
  ragops.platform.platform_sweep:
    project: ragops
    environment: dev
    region: us-east-1
    survivors: [s3, kms, rds]

- name: Look into the region of the replicas, too
  ragops.platform.platform_sweep:
    project: ragops
    environment: dev
    region: us-east-1
    replica_region: us-west-2
"""

RETURN = r"""
left:
  description: Resources that should not exist any more. Billed resources come first.
  returned: always
  type: list
  elements: dict
  contains:
    component:
      description: The component of the platform that the resource belongs to.
      type: str
      returned: always
      sample: network
    service:
      description: AWS service, as in ARNs.
      type: str
      returned: always
      sample: ec2
    type:
      description: Type of resource.
      type: str
      returned: always
      sample: nat_gateway
    id:
      description: Id, name or ARN of the resource, as AWS CLI commands take it.
      type: str
      returned: always
      sample: nat-0123456789abcdef0
    billed:
      description: Whether AWS bills the resource in its current state.
      type: bool
      returned: always
    why:
      description: Why the resource counts as part of the platform.
      type: str
      returned: always
      sample: tagged Project=ragops, Environment=dev
kept:
  description:
    - Resources that are kept on purpose, in the same format. These are the data of the components
      in O(survivors), and keys and secrets that are scheduled for deletion.
  returned: always
  type: list
  elements: dict
account_id:
  description: The AWS account that was read.
  returned: always
  type: str
  sample: "123456789012"
name:
  description: C(<project>-<environment>).
  returned: always
  type: str
  sample: ragops-dev
region:
  description: The region that was read.
  returned: always
  type: str
  sample: us-east-1
"""

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.ragops.platform.plugins.module_utils._platform.scope import Scope, account
from ansible_collections.ragops.platform.plugins.module_utils._sweep.sweep import judge, sweep
from ansible_collections.ragops.platform.plugins.module_utils.aws import (
    AwsError,
    client,
    fail,
    require_region,
)
from ansible_collections.ragops.platform.plugins.module_utils.components import ALL


def main() -> None:
    """Entry point of the module."""
    module = AnsibleAWSModule(
        argument_spec={
            "project": {"type": "str", "required": True},
            "environment": {"type": "str", "required": True},
            "survivors": {"type": "list", "elements": "str", "default": []},
            "replica_region": {"type": "str", "default": ""},
            "hosted_zone": {"type": "str", "default": ""},
        },
        supports_check_mode=True,
    )
    region = require_region(module)
    holding = sorted(each.name for each in ALL if each.data)
    if unknown := sorted({*module.params["survivors"]} - {*holding}):
        module.fail_json(
            msg=(
                f"survivors has {', '.join(unknown)}, which keep no data after destroy.yml."
                f" Allowed are {', '.join(holding)}."
            )
        )
    replica_region = module.params["replica_region"]

    def connect(service: str) -> Any:
        return client(module, service)

    def elsewhere(service: str) -> Any:
        return client(module, service, replica_region)

    try:
        account_id = account(connect)
        names = (module.params["project"], module.params["environment"])
        scope = Scope(*names, region, account_id, module.params["hosted_zone"])
        more = elsewhere if replica_region not in ("", region) else None
        found = sweep(connect, scope, more)
        left, kept = judge(found, module.params["survivors"])
    except AwsError as error:
        fail(module, error)
    module.exit_json(
        changed=False,
        account_id=account_id,
        name=scope.name,
        region=region,
        left=[item.report() for item in left],
        kept=[item.report() for item in kept],
    )


if __name__ == "__main__":
    main()
