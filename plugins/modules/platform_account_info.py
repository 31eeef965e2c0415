#!/usr/bin/python
# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Ask an account, before anything is made, what only AWS knows of a platform's inputs."""

DOCUMENTATION = r"""
---
module: platform_account_info
version_added: 0.2.0
short_description: Ask AWS what only the account knows of a platform's inputs
description:
  - Says who the caller is, chooses the availability zones, and says what the account refuses of the
    inputs, before anything is made.
  - Whether somebody else has a VPC or a key of the joined name C(<project>-<environment>) is
    always asked.
  - All is read at the same time in one process. Only what is given is asked.
  - Reads only.
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
    description: The account that the credentials must be of. Empty means any.
    type: str
    default: ""
  network:
    description: Asks for the zones of a network.
    type: dict
    suboptions:
      availability_zones:
        description: Zones by name. Empty means that they are chosen.
        type: list
        elements: str
        default: []
      zone_count:
        description: How many zones are chosen.
        type: int
        default: 2
      interface_endpoints:
        description:
          - Services that are to have an endpoint, such as C(ecr.api); each must be offered in the
            zones of the network.
        type: list
        elements: str
        default: []
      nat:
        description: The NAT gateways; each needs an Elastic IP, of which an account may have few.
        type: str
        choices: [none, single, one_per_az]
        default: none
  database_class:
    description: Asks whether RDS offers this class for PostgreSQL.
    type: str
    default: ""
  replica_region:
    description: Asks whether the account has enabled this region, for replicas of buckets.
    type: str
    default: ""
  node_groups:
    description:
      - Asks where the instance types of node groups are offered, and whether the account may run
        the nodes with which they begin.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the group, for errors.
        type: str
        required: true
      instance_types:
        description: Its instance types, the preferred first; each zone must have one of them.
        type: list
        elements: str
        required: true
      nodes:
        description: Nodes on demand with which it begins; they count towards the quota of vCPUs.
        type: int
        default: 0
      zonal:
        description: Whether it has these nodes in each zone of the platform.
        type: bool
        default: false
  neighbours:
    description: Asks for what components of a run need of others that take no part in it.
    type: list
    elements: dict
    default: []
    suboptions:
      component:
        description: The component that needs it.
        type: str
        required: true
      maker:
        description: The component that would make it.
        type: str
        choices: [eks, kms, network]
        required: true
  names:
    description:
      - Asks whose the things of these names are, if there are any.
      - What does not carry the platform's tags is a problem.
    type: list
    elements: dict
    default: []
    suboptions:
      component:
        description: The component that makes it, the value of its tag C(Component).
        type: str
        required: true
      kind:
        description: What it is.
        type: str
        choices: [bucket, cache, cluster, database, repository, role, secret]
        required: true
      name:
        description: Its name. V({account}) stands for the caller's account.
        type: str
        required: true
      region:
        description: Its region, if that is not the platform's.
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
  description: The partition that the region is of.
  returned: always
  type: str
  sample: aws
availability_zones:
  description: The zones of the network, named or chosen, in the order of its subnets.
  returned: always
  type: list
  elements: str
  sample: [us-east-1a, us-east-1b]
problems:
  description: What the account refuses, one text each; empty if nothing.
  returned: always
  type: list
  elements: str
missing:
  description: What is needed of O(neighbours) and does not exist, one text each.
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
