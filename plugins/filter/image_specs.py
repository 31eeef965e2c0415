# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Filter image_specs: what is built of a list of images."""

from __future__ import annotations

from collections.abc import Callable

from ansible_collections.ragops.platform.plugins.module_utils._images.lists import specs

DOCUMENTATION = r"""
name: image_specs
version_added: 0.2.0
short_description: The build options for a list of images
description:
  - Returns the option O(ragops.platform.container_image#module:images) for the input
    C(images_list) of role images.
positional: _input, repositories, common
options:
  _input:
    description: Images, as in the input C(images_list).
    type: list
    elements: dict
    required: true
  repositories:
    description: Registry and repository, by key.
    type: dict
    required: true
  common:
    description: C(build_args), C(volumes), C(labels) and C(platform) of every image.
    type: dict
    required: true
author:
  - The ragops.platform authors
"""

EXAMPLES = r"""
- name: Build them
  ragops.platform.container_image:
    images: "{{ images_list | ragops.platform.image_specs(repositories, common) }}"
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
        return {"image_specs": specs}
