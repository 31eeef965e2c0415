# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Filter goback_refusal: why a rollout that failed is not taken back."""

from __future__ import annotations

from collections.abc import Callable

from ansible_collections.ragops.platform.plugins.module_utils._release.rollback import stays

DOCUMENTATION = r"""
name: goback_refusal
version_added: 0.2.0
short_description: Why a failed rollout is not rolled back
description:
  - Returns the first reason that applies, in one sentence.
positional: _input, planned, changed, wanted, where
options:
  _input:
    description: Records by number of the revision.
    type: dict
    required: true
  planned:
    description: Whether this is a plan.
    type: bool
    required: true
  changed:
    description: Whether the rollout changed the release.
    type: bool
    required: true
  wanted:
    description: Whether failed rollouts are rolled back at all.
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
- name: Say why it stays
  ansible.builtin.debug:
    msg: "{{ records | ragops.platform.goback_refusal(false, true, true, 'rag in rag') }}"
"""

RETURN = r"""
_value:
  description: The reason. Empty if the rollout is rolled back.
  type: str
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., object]]:
        """Return the filters by name."""
        return {"goback_refusal": stays}
