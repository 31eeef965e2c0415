# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Filter node_requirements: what a pool of nodes asks of machines."""

from __future__ import annotations

from collections.abc import Callable

from ansible_collections.ragops.platform.plugins.module_utils._karpenter.pools import requirements

DOCUMENTATION = r"""
name: node_requirements
version_added: 0.2.0
short_description: The requirements of a Karpenter node pool
description:
  - Returns the requirements of a NodePool of Karpenter. The defaults are Linux on amd64, on-demand
    capacity, and categories c, m and r of the fifth generation or newer.
positional: _input
options:
  _input:
    description: An item of C(cluster_addons_karpenter_node_pools).
    type: dict
    required: true
author:
  - The ragops.platform authors
"""

EXAMPLES = r"""
- name: Say what a pool asks for
  ansible.builtin.debug:
    msg: "{{ {'name': 'large', 'minimum_generation': 7} | ragops.platform.node_requirements }}"
"""

RETURN = r"""
_value:
  description: The requirements, each with C(key), C(operator) and C(values).
  type: list
  elements: dict
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., object]]:
        """Return the filters by name."""
        return {"node_requirements": requirements}
