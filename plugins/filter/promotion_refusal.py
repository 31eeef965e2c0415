# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Filter promotion_refusal: why what runs in another environment is not promoted."""

from __future__ import annotations

from collections.abc import Callable

from ansible_collections.ragops.platform.plugins.module_utils._release.promotion import refusal

DOCUMENTATION = r"""
name: promotion_refusal
version_added: 0.2.0
short_description: Why the release of another environment is not promoted
description:
  - Returns the first reason that applies, in one sentence.
positional: _input, release, environment, chart_checksum
options:
  _input:
    description:
      - The release that runs there, as module M(ragops.platform.platform_info) returns it. Null if
        there is none.
    type: dict
    required: true
  release:
    description: Name of the release.
    type: str
    required: true
  environment:
    description: Name of the environment to promote from.
    type: str
    required: true
  chart_checksum:
    description: Checksum of the chart in this checkout.
    type: str
    required: true
author:
  - The ragops.platform authors
"""

EXAMPLES = r"""
- name: Say why it may not be promoted
  ansible.builtin.debug:
    msg: "{{ found['application'] | ragops.platform.promotion_refusal('rag', 'staging', '0a1b') }}"
"""

RETURN = r"""
_value:
  description: The reason. Empty if the promotion is allowed.
  type: str
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., object]]:
        """Return the filters by name."""
        return {"promotion_refusal": refusal}
