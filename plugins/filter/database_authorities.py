# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Filter database_authorities: those of a region, out of a file with many."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.ragops.platform.plugins.module_utils._rds import authorities
from ansible_collections.ragops.platform.plugins.module_utils.aws import AwsError

DOCUMENTATION = r"""
name: database_authorities
version_added: 0.1.0
short_description: The certificate authorities of Amazon RDS in a region
description:
  - Selects the certificates of a PEM text that sign databases of a region.
  - A text without certificates of Amazon RDS belongs to another authority, and is returned
    unchanged.
positional: _input, region
options:
  _input:
    description: PEM text, such as AWS's global bundle.
    type: str
    required: true
  region:
    description: Region of the database.
    type: str
    required: true
author:
  - The ragops.platform authors
"""

EXAMPLES = r"""
- name: Keep what the application trusts
  ansible.builtin.set_fact:
    trusted: >-
      {{ lookup('ansible.builtin.file', 'global-bundle.pem')
      | ragops.platform.database_authorities('eu-west-1') }}
"""

RETURN = r"""
_value:
  description: PEM text of one certificate or more.
  type: str
"""


def database_authorities(text: str, region: str) -> str:
    """Return the certificates of a region's databases."""
    try:
        return authorities.of_region(text, region)
    except AwsError as error:
        raise AnsibleFilterError(f"app_rollout_database_ca {error}.") from error


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"database_authorities": database_authorities}
