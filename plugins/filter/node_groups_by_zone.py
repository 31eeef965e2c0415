# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Filter node_groups_by_zone: node groups, those for volumes once per zone."""

from __future__ import annotations

from collections.abc import Callable

from ansible_collections.ragops.platform.plugins.module_utils._eks.zonal import by_zone

DOCUMENTATION = r"""
name: node_groups_by_zone
version_added: 0.1.0
short_description: Node groups with their subnets, some of them once per zone
description:
  - Gives each node group its subnets. A group with C(zonal) becomes one group per zone. The name of
    such a group is the given name, a dash, and the end of the zone name after the region.
positional: _input, subnet_ids, zones, region
options:
  _input:
    description: Node groups, as in C(eks_node_groups).
    type: list
    elements: dict
    required: true
  subnet_ids:
    description: Subnets of the nodes.
    type: list
    elements: str
    required: true
  zones:
    description: The zone of each of these subnets, in their order.
    type: list
    elements: str
    required: true
  region:
    description: Region of the zones.
    type: str
    required: true
author:
  - The ragops.platform authors
"""

EXAMPLES = r"""
- name: Say which groups there will be
  ansible.builtin.debug:
    msg: >-
      {{ [{'name': 'milvus', 'zonal': true}]
      | ragops.platform.node_groups_by_zone(subnets, zones, 'us-east-1') | map(attribute='name') }}
  vars:
    subnets: [subnet-1, subnet-2]
    zones: [us-east-1a, us-east-1b]
"""

RETURN = r"""
_value:
  description: The node groups, each with C(subnet_ids) and without C(zonal).
  type: list
  elements: dict
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., object]]:
        """Return the filters by name."""
        return {"node_groups_by_zone": by_zone}
