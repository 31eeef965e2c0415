#!/usr/bin/python
# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Ask an account, before anything is made, what only AWS knows of a platform's inputs."""

DOCUMENTATION = r"""
---
module: platform_account_info
version_added: 0.2.0
short_description: Check the inputs of a platform against the AWS account
description:
  - Returns the identity of the caller, chooses the availability zones, and reports inputs that the
    account does not support. Nothing is created.
  - Always checks whether somebody else owns a VPC or a key with the name
    C(<project>-<environment>).
  - Reads all services in parallel. Checks only the options that are given.
  - Only reads.
options:
  project:
    description: Value of the tag C(Project), first part of all names.
    type: str
    required: true
  environment:
    description: Value of the tag C(Environment), second part of all names.
    type: str
    required: true
  account_id:
    description: The account that the credentials must belong to. Empty means any account.
    type: str
    default: ""
  network:
    description: Checks the availability zones of a network.
    type: dict
    suboptions:
      availability_zones:
        description: Zones by name. Empty means that the module chooses them.
        type: list
        elements: str
        default: []
      zone_count:
        description: Number of zones to choose.
        type: int
        default: 2
      interface_endpoints:
        description:
          - Services for interface endpoints, such as C(ecr.api). AWS must offer each service in the
            zones of the network.
        type: list
        elements: str
        default: []
      nat:
        description: NAT gateways of the network. Each needs an Elastic IP, for which the account
          has a quota.
        type: str
        choices: [none, single, one_per_az]
        default: none
  database_class:
    description: Checks whether RDS offers this instance class for PostgreSQL.
    type: str
    default: ""
  replica_region:
    description: Checks whether the account has enabled this region, for replicas of buckets.
    type: str
    default: ""
  node_groups:
    description:
      - Checks where AWS offers the instance types of node groups, and whether the quota of the
        account allows their initial nodes.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the group, for error messages.
        type: str
        required: true
      instance_types:
        description: Instance types of the group, the preferred first. AWS must offer at least one
          of them in each zone.
        type: list
        elements: str
        required: true
      nodes:
        description: Initial number of on-demand nodes. They count towards the vCPU quota.
        type: int
        default: 0
      zonal:
        description: Whether the group has these nodes in each zone of the platform.
        type: bool
        default: false
  neighbours:
    description: Checks whether resources exist that components of this run need from components
      outside this run.
    type: list
    elements: dict
    default: []
    suboptions:
      component:
        description: The component that needs the resource.
        type: str
        required: true
      maker:
        description: The component that creates the resource.
        type: str
        choices: [eks, kms, network]
        required: true
  names:
    description:
      - Checks who owns the resources with these names, if they exist.
      - A resource without the tags of the platform is a problem.
    type: list
    elements: dict
    default: []
    suboptions:
      component:
        description: The component that creates the resource, which is the value of its tag
          C(Component).
        type: str
        required: true
      kind:
        description: Kind of the resource.
        type: str
        choices: [bucket, cache, cluster, database, repository, role, secret]
        required: true
      name:
        description: Name of the resource. V({account}) stands for the account of the caller.
        type: str
        required: true
      region:
        description: Region of the resource, if it differs from the region of the platform.
        type: str
        default: ""
extends_documentation_fragment:
  - ragops.platform.reading
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Ask the account before anything is made
  ragops.platform.platform_account_info:
    project: ragops
    environment: dev
    region: us-east-1
    network: {zone_count: 2, interface_endpoints: [ecr.api, ecr.dkr]}
    node_groups:
      - {name: main, instance_types: [t3.medium]}
  register: account
"""

RETURN = r"""
account_id:
  description: The account of the credentials.
  returned: always
  type: str
  sample: "123456789012"
arn:
  description: ARN of the caller.
  returned: always
  type: str
  sample: arn:aws:iam::123456789012:role/deployer
partition:
  description: The partition of the region.
  returned: always
  type: str
  sample: aws
availability_zones:
  description: The zones of the network, given or chosen, in the order of the subnets.
  returned: always
  type: list
  elements: str
  sample: [us-east-1a, us-east-1b]
problems:
  description: One text per input that the account does not support. Empty if there is none.
  returned: always
  type: list
  elements: str
missing:
  description: One text per resource of O(neighbours) that is needed and does not exist.
  returned: always
  type: list
  elements: str
"""

from functools import cache
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.ragops.platform.plugins.module_utils._account import (
    caller,
    neighbours,
    owned,
)
from ansible_collections.ragops.platform.plugins.module_utils._account.look import look
from ansible_collections.ragops.platform.plugins.module_utils._account.wishes import Wishes
from ansible_collections.ragops.platform.plugins.module_utils.aws import (
    AwsError,
    client,
    fail,
    require_region,
)
from ansible_collections.ragops.platform.plugins.module_utils.ownership import identity
from ansible_collections.ragops.platform.plugins.module_utils.reconcile import Api


def argument_spec() -> dict[str, Any]:
    """Return the module's options."""
    texts = {"type": "list", "elements": "str"}
    return {
        "project": {"type": "str", "required": True},
        "environment": {"type": "str", "required": True},
        "account_id": {"type": "str", "default": ""},
        "network": {
            "type": "dict",
            "options": {
                "availability_zones": {**texts, "default": []},
                "zone_count": {"type": "int", "default": 2},
                "interface_endpoints": {**texts, "default": []},
                "nat": {
                    "type": "str",
                    "choices": ["none", "single", "one_per_az"],
                    "default": "none",
                },
            },
        },
        "database_class": {"type": "str", "default": ""},
        "replica_region": {"type": "str", "default": ""},
        "node_groups": {
            "type": "list",
            "elements": "dict",
            "default": [],
            "options": {
                "name": {"type": "str", "required": True},
                "instance_types": {**texts, "required": True},
                "nodes": {"type": "int", "default": 0},
                "zonal": {"type": "bool", "default": False},
            },
        },
        "neighbours": {
            "type": "list",
            "elements": "dict",
            "default": [],
            "options": {
                "component": {"type": "str", "required": True},
                "maker": {"type": "str", "required": True, "choices": sorted(neighbours.LOOKS)},
            },
        },
        "names": {
            "type": "list",
            "elements": "dict",
            "default": [],
            "options": {
                "component": {"type": "str", "required": True},
                "kind": {"type": "str", "required": True, "choices": sorted(owned.LOOKS)},
                "name": {"type": "str", "required": True},
                "region": {"type": "str", "default": ""},
            },
        },
    }


def names_of(wanted: list[dict[str, str]], account: str) -> list[dict[str, str]]:
    """Return the names with the account's digits in them."""
    return [{**each, "name": each["name"].replace("{account}", account)} for each in wanted]


def main() -> None:
    """Entry point of the module."""
    module = AnsibleAWSModule(argument_spec=argument_spec(), supports_check_mode=True)
    region, options = require_region(module), module.params
    project, environment = options["project"], options["environment"]

    @cache
    def connect(service: str, elsewhere: str | None = None) -> Api:
        return Api(client(module, service, elsewhere))

    try:
        who = caller.identify(connect, region)
        caller.check_account(who, options["account_id"], f"{project}-{environment}")
        wishes = Wishes(
            f"{project}-{environment}",
            region,
            identity(project, environment),
            options["network"] or {},
            options["node_groups"],
            options["neighbours"],
            names_of(options["names"], who.account),
            options["database_class"],
            options["replica_region"],
        )
        found = look(connect, wishes)
    except AwsError as error:
        fail(module, error)
    module.exit_json(
        changed=False,
        account_id=who.account,
        arn=who.arn,
        partition=who.partition,
        availability_zones=found.zones,
        problems=found.problems,
        missing=found.missing,
    )


if __name__ == "__main__":
    main()
