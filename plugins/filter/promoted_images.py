# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Filter promoted_images: the images of a promotion, as role app_rollout takes them."""

from __future__ import annotations

from collections.abc import Callable

from ansible_collections.ragops.platform.plugins.module_utils._release.promotion import copied

DOCUMENTATION = r"""
name: promoted_images
version_added: 0.2.0
short_description: The images of a promotion
description:
  - Returns the input C(app_rollout_images) of role C(app_rollout) for images that were copied from
    another environment.
positional: _input, images
options:
  _input:
    description: The copied images, as module M(ragops.platform.container_image_copy) returns them.
    type: list
    elements: dict
    required: true
  images:
    description: The verified images, by component, with C(version).
    type: dict
    required: true
author:
  - The ragops.platform authors
"""

EXAMPLES = r"""
- name: Use the copies
  ansible.builtin.set_fact:
    app_rollout_images: "{{ copied['images'] | ragops.platform.promoted_images(verified) }}"
"""

RETURN = r"""
_value:
  description: Repository, digest, tag and version, by component.
  type: dict
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., object]]:
        """Return the filters by name."""
        return {"promoted_images": copied}
