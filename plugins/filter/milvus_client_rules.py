# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Filter milvus_client_rules: rules for those who may reach Milvus."""

from __future__ import annotations

from collections.abc import Callable

from ansible_collections.ragops.platform.plugins.module_utils._milvus.objects import client_rules

DOCUMENTATION = r"""
name: milvus_client_rules
version_added: 0.2.0
short_description: NetworkPolicy rules for the clients of Milvus
description:
  - Returns one rule of a NetworkPolicy for each client. Without clients it returns no rule, because
    a rule without a peer admits everybody.
positional: _input, port
options:
  _input:
    description: C(namespace) of each client, and C(labels) of its pods.
    type: list
    elements: dict
    required: true
  port:
    description: Port that the clients may reach.
    type: int
    required: true
author:
  - The ragops.platform authors
"""

EXAMPLES = r"""
- name: Work them out
  ansible.builtin.set_fact:
    rules: "{{ [{'namespace': 'rag'}] | ragops.platform.milvus_client_rules(19530) }}"
"""

RETURN = r"""
_value:
  description: The rules.
  type: list
  elements: dict
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., object]]:
        """Return the filters by name."""
        return {"milvus_client_rules": client_rules}
