#!/usr/bin/python
# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Module vpc_network: a VPC with all that EKS and its data stores need of it."""

from __future__ import annotations

DOCUMENTATION = r"""
module: vpc_network
version_added: 0.1.0
short_description: A VPC with subnets, gateways, routes, endpoints and security groups
description:
  - Creates, repairs or removes a VPC in two or three availability zones, with public and private
    subnets. It includes an internet gateway, NAT gateways, route tables, security groups and
    endpoints.
  - The module reads the network once and sends only differences. Check mode shows the complete plan
    even if nothing exists yet.
  - Finds the VPC by its tag C(Name) and its ownership tags. Finds resources in the VPC by CIDR
    block, group name or service. So a lost tag is repaired, and no duplicate is created.
  - Changes that AWS cannot make (CIDR blocks, zones, descriptions of groups) are refused before any
    request is sent.
  - O(state=absent) also removes resources that controllers of O(cluster) left in this VPC. If
    something else still uses a resource, the module retries until O(wait_timeout). Then it fails
    and names the network interfaces.
options:
  name:
    description: Name of the VPC, and prefix of the names of all its resources.
    type: str
    required: true
  state:
    description: Whether the network exists.
    type: str
    choices: [present, absent]
    default: present
  cidr_block:
    description: IPv4 block of the VPC. Required with O(state=present). It cannot be changed later.
    type: str
  availability_zones:
    description:
      - Two or three zones. A zone can be appended later; no zone can be removed.
      - Defaults to the first O(zone_count) zones of the account, sorted by name, without zones in
        which EKS cannot create a cluster. Existing subnets stay in their zones.
    type: list
    elements: str
  zone_count:
    description: Number of zones to choose if O(availability_zones) is not given.
    type: int
    choices: [2, 3]
    default: 2
  public_subnet_cidrs:
    description:
      - One block per zone for load balancers and NAT gateways.
      - Defaults to blocks of 1/256 of the VPC, from its last quarter.
    type: list
    elements: str
  private_subnet_cidrs:
    description:
      - One block per zone for nodes, pods and data stores.
      - Defaults to blocks of 1/16 of the VPC, from its start.
    type: list
    elements: str
  nat:
    description: NAT gateways for the private subnets.
    type: str
    choices: [none, single, one_per_az]
    default: single
  security_groups:
    description: Security groups. A group that is removed from the list is deleted.
    type: list
    elements: dict
    default: []
    suboptions:
      key:
        description: Short name. The name of the group is the name of the network and this key, with
          dashes.
        type: str
        required: true
      description:
        description: Description of the group. It cannot be changed later.
        type: str
        required: true
  flows:
    description:
      - The allowed traffic. Each group gets exactly the rules of its flows. A flow between two
        groups creates a rule in both. Rules of the AWS Load Balancer Controller are kept.
      - C(from) and C(to) are each the key of a group, an IPv4 block, or C(endpoint:s3) for the
        addresses of a gateway endpoint.
    type: list
    elements: dict
    default: []
    suboptions:
      from:
        description: Source of the connection.
        type: str
        required: true
      to:
        description: Destination of the connection.
        type: str
        required: true
      ports:
        description: One port, or a range such as V(1025-65535). Flows to or from the whole internet
          allow one port only.
        type: str
        required: true
      protocol:
        description: Protocol of the flow.
        type: str
        choices: [tcp, udp]
        default: tcp
      description:
        description: What the flow is for. It becomes the description of the rules.
        type: str
        required: true
  gateway_endpoints:
    description: Services with a gateway endpoint in all route tables.
    type: list
    elements: str
    choices: [s3, dynamodb]
    default: [s3]
  interface_endpoints:
    description:
      - Services with an interface endpoint in the private subnets, with private DNS names. Give
        short AWS names such as V(ecr.api).
    type: list
    elements: str
    default: []
  endpoint_group:
    description: Key of the security group of the interface endpoints.
    type: str
    default: endpoints
  endpoint_policies:
    description:
      - Policy documents by service. An endpoint without a policy allows everything.
      - C({account}) and C({partition}) in a policy stand for the account and the partition of the
        caller.
    type: dict
    default: {}
  cluster:
    description: Name of the EKS cluster in this network. Defaults to O(name).
    type: str
  tags:
    description:
      - Tags of every resource. They must include C(Project) and C(Environment), by which the
        network is found. Tags that others added are kept.
    type: dict
    required: true
  wait_timeout:
    description: Time limit in seconds for each wait, such as for NAT gateways, endpoints or a
      deletion.
    type: int
    default: 600
extends_documentation_fragment:
  - ragops.platform.reconciled
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Make a network over two zones with one NAT gateway
  ragops.platform.vpc_network:
    name: ragops-dev
    cidr_block: 10.20.0.0/16
    availability_zones: [us-east-1a, us-east-1b]
    security_groups:
      - {key: nodes, description: Worker nodes}
      - {key: rds, description: PostgreSQL}
      - {key: endpoints, description: Interface endpoints}
    flows:
      - {from: nodes, to: rds, ports: 5432, description: PostgreSQL}
      - {from: nodes, to: endpoints, ports: 443, description: AWS services}
      - {from: nodes, to: endpoint:s3, ports: 443, description: Buckets and image layers}
    interface_endpoints: [ecr.api, ecr.dkr, sts]
    tags: {Project: ragops, Environment: dev}

- name: Remove it
  ragops.platform.vpc_network:
    name: ragops-dev
    state: absent
    tags: {Project: ragops, Environment: dev}
"""

RETURN = r"""
network:
  description: Ids of the resources of the network. In check mode ids that do not exist yet are
    C((known after creation)).
  returned: when O(state=present)
  type: dict
  contains:
    vpc_id: {description: Id of the VPC., type: str, returned: always, sample: vpc-0a1b2c3d}
    availability_zones: {description: The zones., type: list, elements: str, returned: always}
    public_subnet_ids: {description: Public subnets., type: list, elements: str, returned: always}
    private_subnet_ids: {description: Private subnets., type: list, elements: str, returned: always}
    nat_gateway_ids: {description: NAT gateways., type: list, elements: str, returned: always}
    route_table_ids: {description: Route tables., type: list, elements: str, returned: always}
    endpoint_ids: {description: Endpoint ids by service., type: dict, returned: always}
    security_group_ids: {description: Group ids by key., type: dict, returned: always}
"""

import json
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.ragops.platform.plugins.module_utils import aws
from ansible_collections.ragops.platform.plugins.module_utils._network import (
    absent,
    ensure,
    places,
    snapshot,
)
from ansible_collections.ragops.platform.plugins.module_utils._network.run import Run
from ansible_collections.ragops.platform.plugins.module_utils.reconcile import (
    Connect,
    Plan,
    fill_identity,
    reconcile,
    require_tags,
)


def argument_spec() -> dict[str, Any]:
    """Return the module's options."""
    text = {"type": "str", "required": True}
    texts = {"type": "list", "elements": "str"}
    group = {"key": {**text, "no_log": False}, "description": text}
    flow = {
        "from": text,
        "to": text,
        "ports": text,
        "protocol": {"type": "str", "choices": ["tcp", "udp"], "default": "tcp"},
        "description": text,
    }
    return {
        "name": text,
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "cidr_block": {"type": "str"},
        "availability_zones": texts,
        "zone_count": {"type": "int", "choices": [2, 3], "default": 2},
        "public_subnet_cidrs": texts,
        "private_subnet_cidrs": texts,
        "nat": {"type": "str", "choices": ["none", "single", "one_per_az"], "default": "single"},
        "security_groups": {"type": "list", "elements": "dict", "default": [], "options": group},
        "flows": {"type": "list", "elements": "dict", "default": [], "options": flow},
        "gateway_endpoints": {**texts, "choices": ["s3", "dynamodb"], "default": ["s3"]},
        "interface_endpoints": {**texts, "default": []},
        "endpoint_group": {"type": "str", "default": "endpoints"},
        "endpoint_policies": {"type": "dict", "default": {}},
        "cluster": {"type": "str"},
        "tags": {"type": "dict", "required": True},
        "wait_timeout": {"type": "int", "default": 600},
    }


def run(module: Any, plan: Plan, connect: Connect) -> dict[str, Any]:
    """Check the options, read what there is, then bring the network to its state."""
    options = {**module.params, "region": aws.require_region(module)}
    require_tags(options["tags"])
    policies = json.dumps(options["endpoint_policies"])
    options["endpoint_policies"] = json.loads(fill_identity(policies, connect("sts")))
    api, removal = connect("ec2"), options["state"] == "absent"
    if not removal:
        ensure.check(options)
    seen = snapshot.read(api, options["name"], options["tags"], removal=removal)
    wanted = Run(api, plan, seen, options)
    if removal:
        wanted.elb, wanted.classic_elb = connect("elbv2"), connect("elb")
        absent.ensure_absent(wanted)
        return {"network": {}}
    options["availability_zones"] = places.settle(api, seen, options)
    return {"network": ensure.ensure_present(wanted, ensure.wish(options))}


def main() -> None:
    """Run the module."""
    module = AnsibleAWSModule(
        argument_spec=argument_spec(),
        required_if=[("state", "present", ("cidr_block",))],
        supports_check_mode=True,
    )
    reconcile(module, run, Plan(named_by_aws=True))


if __name__ == "__main__":
    main()
