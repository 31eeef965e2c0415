# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Filter verified_record: the record of the release that runs."""

from __future__ import annotations

from collections.abc import Callable

from ansible_collections.ragops.platform.plugins.module_utils._release.records import verified

DOCUMENTATION = r"""
name: verified_record
version_added: 0.2.0
short_description: The record of the release that runs
description:
  - Returns the record that was made when the running release was verified.
  - Compares checksums, because the revisions of a release start at 1 again after it was uninstalled
    by hand.
positional: _input, records
options:
  _input:
    description: Result of module M(ragops.platform.helm_release).
    type: dict
    required: true
  records:
    description:
      - Records by number of the revision, as filter P(ragops.platform.release_records#filter)
        returns them.
    type: dict
    required: true
author:
  - The ragops.platform authors
"""

EXAMPLES = r"""
- name: Say whether what runs was verified
  ansible.builtin.debug:
    msg: "{{ after | ragops.platform.verified_record(records) | length > 0 }}"
"""

RETURN = r"""
_value:
  description: The record. Empty if the release was never verified.
  type: dict
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., object]]:
        """Return the filters by name."""
        return {"verified_record": verified}
