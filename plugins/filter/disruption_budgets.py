# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Filter disruption_budgets: how many pods a drain may take away at once."""

from __future__ import annotations

from collections.abc import Callable

from ansible_collections.ragops.platform.plugins.module_utils._milvus.objects import budgets

DOCUMENTATION = r"""
name: disruption_budgets
version_added: 0.2.0
short_description: PodDisruptionBudgets, which limit how many pods a node drain removes at a time
description:
  - Returns a PodDisruptionBudget for each component, which allows one unavailable pod.
positional: _input, metadata, pods
options:
  _input:
    description: Components, by the label C(component) of their pods.
    type: list
    elements: str
    required: true
  metadata:
    description: Metadata of each object. The name of the component is added to C(name).
    type: dict
    required: true
  pods:
    description: Labels of the pods of all components.
    type: dict
    required: true
author:
  - The ragops.platform authors
"""

EXAMPLES = r"""
- name: Work them out
  ansible.builtin.set_fact:
    budgets: "{{ ['proxy'] | ragops.platform.disruption_budgets({'name': 'milvus'}, labels) }}"
"""

RETURN = r"""
_value:
  description: The objects.
  type: list
  elements: dict
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., object]]:
        """Return the filters by name."""
        return {"disruption_budgets": budgets}
