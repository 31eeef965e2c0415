# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Filter promoted_copies: what is copied for a promotion."""

from __future__ import annotations

from collections.abc import Callable

from ansible_collections.ragops.platform.plugins.module_utils._release.promotion import copies

DOCUMENTATION = r"""
name: promoted_copies
version_added: 0.2.0
short_description: The images to copy for a promotion
description:
  - Returns the option O(ragops.platform.container_image_copy#module:images) for images that
    were verified in another environment.
positional: _input, repositories
options:
  _input:
    description: The verified images, by component.
    type: dict
    required: true
  repositories:
    description: Repositories of this environment, by component.
    type: dict
    required: true
author:
  - The ragops.platform authors
"""

EXAMPLES = r"""
- name: Copy them
  ragops.platform.container_image_copy:
    images: "{{ found['application']['images'] | ragops.platform.promoted_copies(repositories) }}"
"""

RETURN = r"""
_value:
  description: One entry per image.
  type: list
  elements: dict
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., object]]:
        """Return the filters by name."""
        return {"promoted_copies": copies}
