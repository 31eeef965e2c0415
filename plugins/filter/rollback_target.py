# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Filter rollback_target: the revision to go back to."""

from __future__ import annotations

from collections.abc import Callable

from ansible_collections.ragops.platform.plugins.module_utils._release.rollback import target

DOCUMENTATION = r"""
name: rollback_target
version_added: 0.2.0
short_description: The revision to roll back to
description:
  - Chooses the newest verified revision that differs from the running one.
positional: _input, revisions, asked
options:
  _input:
    description: Records by number of the revision.
    type: dict
    required: true
  revisions:
    description: Numbers of the revisions that Helm keeps.
    type: list
    elements: int
    required: true
  asked:
    description: Number that the user chose. 0 means none.
    type: int
    required: true
author:
  - The ragops.platform authors
"""

EXAMPLES = r"""
- name: Say where a rollback would lead
  ansible.builtin.debug:
    msg: "{{ records | ragops.platform.rollback_target([1, 2, 3], 0) }}"
"""

RETURN = r"""
_value:
  description: Number of the revision. 0 if there is none.
  type: int
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., object]]:
        """Return the filters by name."""
        return {"rollback_target": target}
