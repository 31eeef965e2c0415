#!/usr/bin/python
# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Module vpc_network: a VPC with all that EKS and its data stores need of it."""

from __future__ import annotations

DOCUMENTATION = r"""
module: vpc_network
version_added: 0.1.0
short_description: A VPC with subnets, gateways, routes and security groups, as one resource
description:
  - Makes, repairs or removes a VPC over two or three availability zones with public and private
    subnets, an internet gateway, NAT gateways, route tables, security groups and gateway endpoints.
  - The network is read once and only differences are sent, so that a run costs one process and
    check mode knows the whole plan even where nothing exists yet.
  - Resources are found by the VPC's C(Name), C(Project) and C(Environment) tags and inside it by
    what identifies them to AWS (block, group name, service), so a lost tag is repaired and makes
    no duplicate.
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
    description: Two or three zones. Required with O(state=present).
    type: list
    elements: str
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
    description: Security groups; each ends up with exactly these rules.
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
      ingress:
        description: Flows allowed in.
        type: list
        elements: dict
        default: []
        suboptions: &rule
          protocol:
            description: Protocol of the flow.
            type: str
            choices: [tcp, udp]
            default: tcp
          from_port:
            description: First port.
            type: int
            required: true
          to_port:
            description: Last port, O(security_groups[].ingress[].from_port) when not given.
            type: int
          group:
            description: Key of the group at the other end, V(self) for this group.
            type: str
          cidr:
            description: IPv4 block at the other end.
            type: str
      egress:
        description: Flows allowed out. None means that nothing may go out.
        type: list
        elements: dict
        default: []
        suboptions: *rule
  gateway_endpoints:
    description: Services reached by a gateway endpoint in all route tables.
    type: list
    elements: str
    choices: [s3, dynamodb]
    default: [s3]
  tags:
    description: Tags of every resource. Tags that others add are left alone.
    type: dict
    required: true
  wait_timeout:
    description: Seconds to wait for NAT gateways to come up or to go.
    type: int
    default: 600
extends_documentation_fragment: ragops.platform.reconciled
"""

EXAMPLES = r"""
- name: Make a network over two zones with one NAT gateway
  ragops.platform.vpc_network:
    name: ragops-dev
    cidr_block: 10.20.0.0/16
    availability_zones: [us-east-1a, us-east-1b]
    security_groups:
      - key: nodes
        description: Worker nodes
        egress:
          - {from_port: 443, cidr: 0.0.0.0/0}
          - {from_port: 5432, group: rds}
      - key: rds
        description: PostgreSQL
        ingress:
          - {from_port: 5432, group: nodes}
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

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.ragops.platform.plugins.module_utils import aws
from ansible_collections.ragops.platform.plugins.module_utils._network import (
    absent,
    groups,
    layout,
    present,
    snapshot,
)
from ansible_collections.ragops.platform.plugins.module_utils.aws import (
    AwsError,
)
from ansible_collections.ragops.platform.plugins.module_utils.reconcile import (
    Api,
    Plan,
)


def ensure_present(run: present.Run) -> dict[str, Any]:
    """Bring everything to its state; the slow NAT gateways are started early and awaited last."""
    options = run.options
    wanted = layout.subnets(options)
    keys = {group["key"] for group in options["security_groups"]}
    for group in options["security_groups"]:
        layout.rules_of(group, keys)
    vpc_id = present.ensure_vpc(run)
    ids = {subnet.name: present.ensure_subnet(run, vpc_id, subnet) for subnet in wanted}
    gateway_id = present.ensure_internet_gateway(run, vpc_id)
    public = [subnet for subnet in wanted if subnet.tier == "public"]
    private = [subnet for subnet in wanted if subnet.tier == "private"]
    tables = [
        present.ensure_route_table(
            run,
            vpc_id,
            f"{run.name}-public",
            [ids[subnet.name] for subnet in public],
            ("GatewayId", gateway_id),
        )
    ]
    nat_zones = layout.nat_zones(options["nat"], options["availability_zones"])
    nats = {
        subnet.zone: present.ensure_nat(run, subnet.zone, ids[subnet.name])
        for subnet in public
        if subnet.zone in nat_zones
    }
    groups.ensure_default_group_closed(run)
    group_ids = groups.ensure_groups(run, vpc_id)
    present.await_nats(run, list(nats.values()))
    for index, subnet in enumerate(private, start=1):
        nat_id = nats.get(subnet.zone) or next(iter(nats.values()), None)
        tables.append(
            present.ensure_route_table(
                run,
                vpc_id,
                f"{run.name}-private-{index}",
                [ids[subnet.name]],
                ("NatGatewayId", nat_id) if nat_id else None,
            )
        )
    endpoints = {
        service: present.ensure_gateway_endpoint(run, vpc_id, service, tables)
        for service in options["gateway_endpoints"]
    }
    absent.remove_surplus_nats(run, set(nats.values()))
    return {
        "vpc_id": vpc_id,
        "availability_zones": options["availability_zones"],
        "public_subnet_ids": [ids[subnet.name] for subnet in public],
        "private_subnet_ids": [ids[subnet.name] for subnet in private],
        "nat_gateway_ids": list(nats.values()),
        "route_table_ids": tables,
        "endpoint_ids": endpoints,
        "security_group_ids": group_ids,
    }


def argument_spec() -> dict[str, Any]:
    """Return the module's options."""
    rule = {
        "protocol": {"type": "str", "choices": ["tcp", "udp"], "default": "tcp"},
        "from_port": {"type": "int", "required": True},
        "to_port": {"type": "int"},
        "group": {"type": "str"},
        "cidr": {"type": "str"},
    }
    rules = {"type": "list", "elements": "dict", "default": [], "options": rule}
    group = {
        "key": {"type": "str", "required": True, "no_log": False},
        "description": {"type": "str", "required": True},
        "ingress": rules,
        "egress": rules,
    }
    return {
        "name": {"type": "str", "required": True},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "cidr_block": {"type": "str"},
        "availability_zones": {"type": "list", "elements": "str"},
        "public_subnet_cidrs": {"type": "list", "elements": "str"},
        "private_subnet_cidrs": {"type": "list", "elements": "str"},
        "nat": {"type": "str", "choices": ["none", "single", "one_per_az"], "default": "single"},
        "security_groups": {"type": "list", "elements": "dict", "default": [], "options": group},
        "gateway_endpoints": {
            "type": "list",
            "elements": "str",
            "choices": ["s3", "dynamodb"],
            "default": ["s3"],
        },
        "tags": {"type": "dict", "required": True},
        "wait_timeout": {"type": "int", "default": 600},
    }


def main() -> None:
    """Run the module."""
    module = AnsibleAWSModule(
        argument_spec=argument_spec(),
        required_if=[("state", "present", ("cidr_block", "availability_zones"))],
        supports_check_mode=True,
    )
    options = {**module.params, "region": aws.require_region(module)}
    api = Api(aws.client(module, "ec2"), module.check_mode)
    plan = Plan()
    network: dict[str, Any] = {}
    try:
        seen = snapshot.read(api, options["name"], options["tags"])
        run = present.Run(api, plan, seen, options)
        if options["state"] == "present":
            network = ensure_present(run)
        else:
            absent.remove(run)
    except AwsError as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=plan.changed, diff=plan.diff(), network=network)


if __name__ == "__main__":
    main()
