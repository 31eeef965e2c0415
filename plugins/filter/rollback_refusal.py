# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Filter rollback_refusal: why a release is not taken back to a revision."""

from __future__ import annotations

from collections.abc import Callable

from ansible_collections.ragops.platform.plugins.module_utils._release.rollback import refusal

DOCUMENTATION = r"""
name: rollback_refusal
version_added: 0.2.0
short_description: Why a release is not rolled back to a revision
description:
  - Returns the first reason that applies, in one sentence.
positional: _input, revisions, wanted, unverified, where
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
  wanted:
    description: The revision to roll back to. 0 if there is none.
    type: int
    required: true
  unverified:
    description: Whether a revision that was never verified is allowed.
    type: bool
    required: true
  where:
    description: The release and its namespace, as messages name them.
    type: str
    required: true
author:
  - The ragops.platform authors
"""

EXAMPLES = r"""
- name: Refuse it
  ansible.builtin.assert:
    that: (records | ragops.platform.rollback_refusal([1, 2, 3], 2, false, 'rag in rag')) == ""
"""

RETURN = r"""
_value:
  description: The reason. Empty if the rollback is allowed.
  type: str
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., object]]:
        """Return the filters by name."""
        return {"rollback_refusal": refusal}
