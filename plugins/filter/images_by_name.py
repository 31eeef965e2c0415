# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Filter images_by_name: what is told of images, by name."""

from __future__ import annotations

from collections.abc import Callable

from ansible_collections.ragops.platform.plugins.module_utils._images.lists import by_name

DOCUMENTATION = r"""
name: images_by_name
version_added: 0.2.0
short_description: Results of built images, by name
description:
  - Returns the output C(images_result) of role images.
positional: _input, images
options:
  _input:
    description: Images that module M(ragops.platform.container_image) returned.
    type: list
    elements: dict
    required: true
  images:
    description: Images in the same order, as in the input C(images_list).
    type: list
    elements: dict
    required: true
author:
  - The ragops.platform authors
"""

EXAMPLES = r"""
- name: Keep what is there
  ansible.builtin.set_fact:
    images_result: "{{ built['images'] | ragops.platform.images_by_name(images_list) }}"
"""

RETURN = r"""
_value:
  description: Repository, tag, digest, reference, size, version and whether it changed, by name.
  type: dict
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., object]]:
        """Return the filters by name."""
        return {"images_by_name": by_name}
