# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Filter ip_block_peers: ranges of addresses as peers of a NetworkPolicy."""

from __future__ import annotations

from collections.abc import Callable

from ansible_collections.ragops.platform.plugins.module_utils._milvus.objects import peers

DOCUMENTATION = r"""
name: ip_block_peers
version_added: 0.2.0
short_description: Ranges of addresses as peers of a NetworkPolicy
description:
  - C(0.0.0.0/0) allows public addresses only. It excludes instance metadata, the API server and
    other pods.
positional: _input
options:
  _input:
    description: Ranges of addresses.
    type: list
    elements: str
    required: true
author:
  - The ragops.platform authors
"""

EXAMPLES = r"""
- name: Work them out
  ansible.builtin.set_fact:
    peers: "{{ ['0.0.0.0/0', '10.20.0.0/16'] | ragops.platform.ip_block_peers }}"
"""

RETURN = r"""
_value:
  description: The peers.
  type: list
  elements: dict
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., object]]:
        """Return the filters by name."""
        return {"ip_block_peers": peers}
