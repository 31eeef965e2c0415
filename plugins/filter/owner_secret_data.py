# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Filter owner_secret_data: what the Secret of the migration holds."""

from __future__ import annotations

from collections.abc import Callable

from ansible_collections.ragops.platform.plugins.module_utils._release.secrets import owner

DOCUMENTATION = r"""
name: owner_secret_data
version_added: 0.2.0
short_description: The data of the Secret of the migration
description:
  - Returns the data in base64. It is the address of the database with the login of the owner, and
    with the login of the application.
positional: _input, login
options:
  _input:
    description: Address of the database with the application's login.
    type: str
    required: true
  login:
    description: Login of the owner, with C(username) and C(password).
    type: dict
    required: true
author:
  - The ragops.platform authors
"""

EXAMPLES = r"""
- name: Work it out
  ansible.builtin.set_fact:
    data: "{{ url | ragops.platform.owner_secret_data(master) }}"
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
        return {"owner_secret_data": owner}
