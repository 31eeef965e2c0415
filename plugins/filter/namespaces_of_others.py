# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Filter namespaces_of_others: which namespaces the platform did not make."""

from __future__ import annotations

from collections.abc import Callable

from ansible_collections.ragops.platform.plugins.module_utils._helm.owner import (
    namespaces_of_others,
)

DOCUMENTATION = r"""
name: namespaces_of_others
version_added: 0.2.0
short_description: Names of the namespaces that the platform did not make
description:
  - Returns the names of the namespaces that lack the label
    C(app.kubernetes.io/managed-by=ragops.platform).
  - The platform removes the namespaces that it made, with all objects in them.
positional: _input
options:
  _input:
    description: Namespaces as module M(kubernetes.core.k8s_info) returns them.
    type: list
    elements: dict
    required: true
author:
  - The ragops.platform authors
"""

EXAMPLES = r"""
- name: Fail for a namespace that somebody else made
  ansible.builtin.assert:
    that: found['resources'] | ragops.platform.namespaces_of_others | length == 0
"""

RETURN = r"""
_value:
  description: The names, in alphabetical order.
  type: list
  elements: str
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., object]]:
        """Return the filters by name."""
        return {"namespaces_of_others": namespaces_of_others}
