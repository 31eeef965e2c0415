# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Filter image_lines: a line for each image."""

from __future__ import annotations

from collections.abc import Callable

from ansible_collections.ragops.platform.plugins.module_utils._images.lists import lines

DOCUMENTATION = r"""
name: image_lines
version_added: 0.2.0
short_description: A line for each image
description:
  - Returns the reference of each image and its size.
positional: _input
options:
  _input:
    description: The output C(images_result) of role images.
    type: dict
    required: true
author:
  - The ragops.platform authors
"""

EXAMPLES = r"""
- name: Say which images there are
  ansible.builtin.debug:
    msg: "{{ images_result | ragops.platform.image_lines }}"
"""

RETURN = r"""
_value:
  description: The lines.
  type: list
  elements: str
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., object]]:
        """Return the filters by name."""
        return {"image_lines": lines}
