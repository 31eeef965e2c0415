# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Filter workload_role: the IAM role of a workload's pods."""

from __future__ import annotations

from collections.abc import Callable

from ansible_collections.ragops.platform.plugins.module_utils._iam.workloads import role_of

DOCUMENTATION = r"""
name: workload_role
version_added: 0.2.0
short_description: The IAM role of the pods of a workload
description:
  - Returns the ARN for the annotation of the service account of a workload.
  - A role that component C(workload_identity) made in the same run is preferred to a role that was
    found.
positional: _input, hostvars, found, way
options:
  _input:
    description: Name of the workload, such as C(backend).
    type: str
    required: true
  hostvars:
    description: Variables of the component hosts.
    type: dict
    required: true
  found:
    description: Roles as module M(ragops.platform.platform_info) returns them, by key.
    type: dict
    required: true
  way:
    description:
      - How workloads get their identity, the value of C(platform_workload_identity). Only C(irsa)
        uses the annotation.
    type: str
    required: true
author:
  - The ragops.platform authors
"""

EXAMPLES = r"""
- name: Say which role the backend has
  ansible.builtin.debug:
    msg: "{{ 'backend' | ragops.platform.workload_role(hostvars, found['iam']['roles'], 'irsa') }}"
"""

RETURN = r"""
_value:
  description: The ARN. Empty if there is none.
  type: str
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., object]]:
        """Return the filters by name."""
        return {"workload_role": role_of}
