# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Filter role_arns: the ARNs of roles by what they are for."""

from __future__ import annotations

from collections.abc import Callable

from ansible_collections.ragops.platform.plugins.module_utils._iam.workloads import arns_of

DOCUMENTATION = r"""
name: role_arns
version_added: 0.2.0
short_description: The ARNs of IAM roles by their purpose
description:
  - Selects the listed roles from the roles that module M(ragops.platform.iam_roles) returned.
positional: _input, made, prefix, key
options:
  _input:
    description: Roles, each with C(name), without the platform's prefix.
    type: list
    elements: dict
    required: true
  made:
    description: ARNs by full name, as module M(ragops.platform.iam_roles) returns them.
    type: dict
    required: true
  prefix:
    description: Prefix of the full names.
    type: str
    required: true
  key:
    description: Field of a role by which the ARNs are returned.
    type: str
    default: name
author:
  - The ragops.platform authors
"""

EXAMPLES = r"""
- name: Say which role each add-on has
  ansible.builtin.debug:
    msg: "{{ addons | ragops.platform.role_arns(made['roles'], 'ragops-dev-', 'addon') }}"
"""

RETURN = r"""
_value:
  description: ARNs by that field.
  type: dict
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., object]]:
        """Return the filters by name."""
        return {"role_arns": arns_of}
