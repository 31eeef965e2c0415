# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Filter release_record: what a release is made of."""

from __future__ import annotations

from collections.abc import Callable

from ansible_collections.ragops.platform.plugins.module_utils._release.records import record

DOCUMENTATION = r"""
name: release_record
version_added: 0.2.0
short_description: The record of a release, with its chart, images and versions
description:
  - Returns the record of the running release. In a plan it returns the record of the release that
    would run.
  - The data comes from the release itself, so that it is correct after a rollback, too.
positional: _input, records, images, about, planned
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
  images:
    description: Images of this run by component, with their versions.
    type: dict
    required: true
  about:
    description:
      - C(release), C(namespace), C(environment), and C(verified_at) and C(verified_by) of a
        release that has no record yet.
    type: dict
    required: true
  planned:
    description: Whether this is a plan.
    type: bool
    required: true
author:
  - The ragops.platform authors
"""

EXAMPLES = r"""
- name: Say which revision runs
  ansible.builtin.debug:
    msg: "{{ (after | ragops.platform.release_record(records, {}, about, false))['revision'] }}"
"""

RETURN = r"""
_value:
  description:
    - Revision, chart, versions, checksums and images, and when and by whom they were verified.
  type: dict
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., object]]:
        """Return the filters by name."""
        return {"release_record": record}
