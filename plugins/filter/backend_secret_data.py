# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Filter backend_secret_data: what the backend's Secret holds."""

from __future__ import annotations

from collections.abc import Callable

from ansible_collections.ragops.platform.plugins.module_utils._release.secrets import backend

DOCUMENTATION = r"""
name: backend_secret_data
version_added: 0.2.0
short_description: The data of the Secret of the backend
description:
  - Returns the data in base64. In a plan, a secret that a role has yet to write is shown as
    unknown.
positional: _input, names, values, extra
options:
  _input:
    description:
      - The secrets by environment variable, each with its C(name) and the C(role) that writes it.
        The role is empty if the secret is optional.
    type: dict
    required: true
  names:
    description: Names of the secrets that exist.
    type: list
    elements: str
    required: true
  values:
    description: Values of these secrets, in the same order.
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
