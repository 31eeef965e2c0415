# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Filter backend_secret_data: what the backend's Secret holds."""

from __future__ import annotations

from collections.abc import Callable

from ansible_collections.ragops.platform.plugins.module_utils._release.secrets import backend

DOCUMENTATION = r"""
name: backend_secret_data
version_added: 0.2.0
short_description: What the backend's Secret holds
description:
  - Returns its data in base64. A secret that a role is still to write stands as unknown, in a
    plan.
positional: _input, names, values, extra
options:
  _input:
    description:
      - The secrets by variable, each with C(name) and C(role), which writes it; empty for an
        optional one.
    type: dict
    required: true
  names:
    description: Names of those that are there.
    type: list
    elements: str
    required: true
  values:
    description: Their values, in the same order.
    type: list
    elements: str
    required: true
  extra:
    description: Further variables and their values.
    type: dict
    required: true
author:
  - The ragops.platform authors
"""

EXAMPLES = r"""
- name: Work it out
  ansible.builtin.set_fact:
    data: "{{ secrets | ragops.platform.backend_secret_data(['redis-url'], [url], {}) }}"
  no_log: true
"""

RETURN = r"""
_value:
  description: Values in base64, by variable.
  type: dict
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., object]]:
        """Return the filters by name."""
        return {"backend_secret_data": backend}
