# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Filter places: where things of Kubernetes are."""

from __future__ import annotations

from collections.abc import Callable

from ansible_collections.ragops.platform.plugins.module_utils._places import of

DOCUMENTATION = r"""
name: places
version_added: 0.2.0
short_description: Namespace and name of Kubernetes objects
description:
  - Returns namespace and name of each object, with a slash between them, as kubectl takes them.
positional: _input, name, labels
options:
  _input:
    description: Metadata of objects, or anything with a namespace and a name.
    type: list
    elements: dict
    required: true
  name:
    description: Field of the name.
    type: str
    default: name
  labels:
    description: Labels that the objects must carry.
    type: dict
    default: {}
author:
  - The ragops.platform authors
"""

EXAMPLES = r"""
- name: Say which policies are ours
  ansible.builtin.debug:
    msg: "{{ policies | map(attribute='metadata') | ragops.platform.places(labels=ours) }}"
"""

RETURN = r"""
_value:
  description: The places.
  type: list
  elements: str
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., object]]:
        """Return the filters by name."""
        return {"places": of}
