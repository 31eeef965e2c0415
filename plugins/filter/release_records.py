# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Filter release_records: what was verified of a release, by number of the revision."""

from __future__ import annotations

from collections.abc import Callable

from ansible_collections.ragops.platform.plugins.module_utils._release.records import kept

DOCUMENTATION = r"""
name: release_records
version_added: 0.2.0
short_description: The verified revisions of a release
description:
  - Reads the ConfigMap in which role P(ragops.platform.app_rollout#role) records verified
    revisions.
  - Leaves out revisions that Helm no longer keeps.
positional: _input, revisions
options:
  _input:
    description: Data of the ConfigMap, which has one JSON record per revision number.
    type: dict
    required: true
  revisions:
    description: Numbers of the revisions that Helm keeps.
    type: list
    elements: int
    required: true
author:
  - The ragops.platform authors
"""

EXAMPLES = r"""
- name: Say which revisions were verified
  ansible.builtin.debug:
    msg: "{{ found['data'] | ragops.platform.release_records([3, 4]) | list }}"
"""

RETURN = r"""
_value:
  description: The records by number of the revision, as text.
  type: dict
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., object]]:
        """Return the filters by name."""
        return {"release_records": kept}
