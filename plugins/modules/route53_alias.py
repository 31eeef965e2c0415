#!/usr/bin/python
# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Module route53_alias: a host that leads to a load balancer, in somebody's hosted zone."""

from __future__ import annotations

DOCUMENTATION = r"""
module: route53_alias
version_added: 0.2.0
short_description: An alias record in a hosted zone that points to a load balancer
description:
  - Creates, repairs or removes the alias record of a host.
  - DNS records have no tags. So the TXT record C(_ragops-platform.<host>) names the owner of the
    host. A host with other records and no such TXT record is refused. To let the platform manage
    such a host, create the TXT record that the error names.
  - Unlike M(amazon.aws.route53), it checks the owner of a record, and finds the records to delete
    by itself.
options:
  state:
    description:
      - With V(present), the host points to O(target).
      - With V(absent), the alias records of all hosts of the platform are removed from this zone. A
        TXT record stays while it names a validation record of M(ragops.platform.acm_certificate).
      - V(free) changes nothing, and fails if V(present) would not get the host.
    type: str
    choices: [present, absent, free]
    default: present
  name:
    description: Name of the host. Required unless O(state=absent).
    type: str
  hosted_zone:
    description: Id or name of a public hosted zone that contains the host. With O(state=absent) the
      zone may no longer exist.
    type: str
    required: true
  target:
    description: DNS name of a load balancer in this account and region. It must exist, except in
      check mode.
    type: str
    default: ""
  wait_timeout:
    description: Seconds to wait until the load balancer is active, and until the name servers of
      Route 53 know the record.
    type: int
    default: 600
  tags:
    description: Tags of the platform. C(Project) and C(Environment) are the content of the TXT
      record.
    type: dict
    required: true
extends_documentation_fragment:
  - ragops.platform.reconciled
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: See whether the host can be had
  ragops.platform.route53_alias:
    state: free
    name: rag.example.com
    hosted_zone: example.com
    tags: {Project: ragops, Environment: dev}

- name: Let the host lead to the load balancer
  ragops.platform.route53_alias:
    name: rag.example.com
    hosted_zone: example.com
    target: "{{ load_balancer }}"
    tags: {Project: ragops, Environment: dev}

- name: Let it lead nowhere any more
  ragops.platform.route53_alias:
    state: absent
    hosted_zone: example.com
    tags: {Project: ragops, Environment: dev}
"""

RETURN = r"""
hosts:
  description: Hosts that point to the load balancer. With O(state=absent), hosts that did so
    before.
  returned: always
  type: list
  elements: str
  sample: [rag.example.com]
zone_id:
  description: Id of the hosted zone. Empty if it does not exist any more.
  returned: always
  type: str
  sample: Z0123456789ABCDEFGHIJ
"""

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.ragops.platform.plugins.module_utils import aws
from ansible_collections.ragops.platform.plugins.module_utils._dns import alias
from ansible_collections.ragops.platform.plugins.module_utils._dns import zone as zones
from ansible_collections.ragops.platform.plugins.module_utils._dns.records import Records
from ansible_collections.ragops.platform.plugins.module_utils.reconcile import (
    Connect,
    Plan,
    reconcile,
    require_tags,
)


def argument_spec() -> dict[str, Any]:
    """Return the module's options."""
    return {
        "state": {"type": "str", "choices": ["present", "absent", "free"], "default": "present"},
        "name": {"type": "str"},
        "hosted_zone": {"type": "str", "required": True},
        "target": {"type": "str", "default": ""},
        "wait_timeout": {"type": "int", "default": 600},
        "tags": {"type": "dict", "required": True},
    }


def ensure_present(module: Any, plan: Plan, connect: Connect, host: str) -> dict[str, Any]:
    """Let the host lead to the load balancer."""
    options = module.params
    target, timeout = options["target"].rstrip("."), options["wait_timeout"]
    if not target and not module.check_mode:
        raise aws.AwsError(f"target is empty. Give the DNS name of the load balancer for {host}.")
    names = connect("route53")
    zone = zones.need(names, options["hosted_zone"], host)
    records = Records(names, zone, options["tags"])
    records.refuse_taken(host)
    found = alias.balancer(connect("elbv2"), target, timeout) if target else None
    alias.ensure_present(records, plan, host, found, timeout)
    return {"hosts": [host], "zone_id": zone.id}


def run(module: Any, plan: Plan, connect: Connect) -> dict[str, Any]:
    """Bring the host to the wanted state."""
    options = module.params
    require_tags(options["tags"])
    names = connect("route53")
    if options["state"] == "absent":
        zone = zones.find(names, options["hosted_zone"])
        if zone is None:
            return {"hosts": [], "zone_id": ""}
        records = Records(names, zone, options["tags"])
        return {"hosts": alias.ensure_absent(records, plan), "zone_id": zone.id}
    host = str(options["name"]).lower().rstrip(".")
    if options["state"] == "free":
        zone = alias.ensure_free(names, options["hosted_zone"], host, options["tags"])
        return {"hosts": [], "zone_id": zone.id}
    return ensure_present(module, plan, connect, host)


def main() -> None:
    """Run the module."""
    module = AnsibleAWSModule(
        argument_spec=argument_spec(),
        required_if=[("state", "present", ("name",)), ("state", "free", ("name",))],
        supports_check_mode=True,
    )
    reconcile(module, run)


if __name__ == "__main__":
    main()
