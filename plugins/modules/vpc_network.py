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
  - Makes, repairs or removes a VPC over two or three availability zones with public and private
    subnets, an internet gateway, NAT gateways, route tables, security groups and endpoints.
  - The network is read once and only differences are sent, so that a run costs one process and
    check mode knows the whole plan even where nothing exists yet.
  - Resources are found by the VPC's C(Name), C(Project) and C(Environment) tags and inside it by
    what identifies them to AWS (block, group name, service), so a lost tag is repaired and makes
    no duplicate.
  - What AWS cannot change (blocks, zones, descriptions of groups) is refused before anything is
    sent.
  - O(state=absent) also removes what AWS's controllers made for O(cluster) in this VPC and left
    behind, in AWS's order. While something else holds a resource it tries again until
    O(wait_timeout), then it names the network interfaces.
options:
  name:
    description: Name of the VPC and prefix of the names of everything in it.
    type: str
    required: true
  state:
    description: Whether the network exists.
    type: str
    choices: [present, absent]
    default: present
  cidr_block:
    description: The VPC's IPv4 block. Required with O(state=present). It cannot be changed later.
    type: str
  availability_zones:
    description:
      - Two or three zones. One may be appended later, none taken away.
      - When not given, O(zone_count) of the account's zones, in the order of their names, without
        those in which EKS makes no cluster. Subnets that exist stay in their zones.
    type: list
    elements: str
  zone_count:
    description: How many zones are chosen when O(availability_zones) is not given.
    type: int
    choices: [2, 3]
    default: 2
  public_subnet_cidrs:
    description:
      - One block per zone for load balancers and NAT gateways.
      - When not given, 256ths of the VPC from its last quarter.
    type: list
    elements: str
  private_subnet_cidrs:
    description:
      - One block per zone for nodes, pods and data stores.
      - When not given, 16ths of the VPC from its start.
    type: list
    elements: str
  nat:
    description: NAT gateways for the private subnets.
    type: str
    choices: [none, single, one_per_az]
    default: single
  security_groups:
    description: Security groups. One that is no longer in the list is removed.
    type: list
    elements: dict
    default: []
    suboptions:
      key:
        description: Short name; the group's name is the network's name and this, with dashes.
        type: str
        required: true
      description:
        description: The group's description. It cannot be changed later.
        type: str
        required: true
  flows:
    description:
      - The traffic that is allowed. Each group ends up with exactly the rules of its flows; a
        group at both ends gets a rule at both. Rules of the AWS Load Balancer Controller are left
        alone.
      - An end is the key of a group, an IPv4 block, or C(endpoint:s3) for the addresses of a
        gateway endpoint.
    type: list
    elements: dict
    default: []
    suboptions:
      from:
        description: Who opens the connection.
        type: str
        required: true
      to:
        description: Who is called.
        type: str
        required: true
      ports:
        description: One port, or a range such as V(1025-65535). Towards all the internet, one port.
        type: str
        required: true
      protocol:
        description: Protocol of the flow.
        type: str
        choices: [tcp, udp]
        default: tcp
      description:
        description: What the flow is for, as the rules' description.
        type: str
        required: true
  gateway_endpoints:
    description: Services reached by a gateway endpoint in all route tables.
    type: list
    elements: str
    choices: [s3, dynamodb]
    default: [s3]
  interface_endpoints:
    description:
      - Services reached by an interface endpoint in the private subnets, by AWS's short names such
        as V(ecr.api), with private DNS names.
    type: list
    elements: str
    default: []
  endpoint_group:
    description: Key of the security group of the interface endpoints.
    type: str
    default: endpoints
  endpoint_policies:
    description:
      - Policy documents by service. An endpoint without one allows everything.
      - C({account}) and C({partition}) in them are the caller's.
    type: dict
    default: {}
  cluster:
    description: Name of the EKS cluster in this network, O(name) when not given.
    type: str
  tags:
    description:
      - Tags of every resource, among them C(Project) and C(Environment), by which the network is
        known. Tags that others add are left alone.
    type: dict
    required: true
  wait_timeout:
    description: Seconds that one wait may take, for NAT gateways, endpoints or a deletion.
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
  description: Ids of what the network consists of. In check mode ids that AWS has yet to give read
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
        absent.remove(wanted)
        return {"network": {}}
    options["availability_zones"] = places.settle(api, seen, options)
    return {"network": ensure.present(wanted, ensure.wish(options))}


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
