# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Filter release_text: a release in words."""

from __future__ import annotations

from collections.abc import Callable

from ansible_collections.ragops.platform.plugins.module_utils._release.records import text

DOCUMENTATION = r"""
name: release_text
version_added: 0.2.0
short_description: A release as text for messages
description:
  - Returns the chart of a release and the tags of its images, separated by commas.
positional: _input
options:
  _input:
    description: Record of a release.
    type: dict
    required: true
author:
  - The ragops.platform authors
"""

EXAMPLES = r"""
- name: Say what runs
  ansible.builtin.debug:
    msg: "{{ app_rollout_result | ragops.platform.release_text }}"
"""

RETURN = r"""
_value:
  description: Text such as C(rag-0.1.0, 1a2b, 3c4d).
  type: str
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., object]]:
        """Return the filters by name."""
        return {"release_text": text}
