# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Hashes of charts that are folders."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ansible.plugins.lookup import LookupBase
from ansible_collections.ragops.platform.plugins.module_utils._release.chart import checksum

DOCUMENTATION = r"""
name: chart_checksum
version_added: 0.2.0
short_description: A hash of the files of a chart's folder
description:
  - Changes with each file of the chart's folder and of its C(templates), whatever the chart's
    version says.
options:
  _terms:
    description: Folders; a chart that is none has the empty hash.
    required: true
author:
  - The ragops.platform authors
"""

EXAMPLES = r"""
- name: Say which chart this is
  ansible.builtin.debug:
    msg: "{{ lookup('ragops.platform.chart_checksum', 'app/chart') }}"
"""

RETURN = r"""
_raw:
  description: The hashes, in the order of the folders.
  type: list
  elements: str
"""


class LookupModule(LookupBase):
    """Hashes each folder."""

    def run(self, terms: Sequence[str], variables: Any = None, **kwargs: Any) -> list[str]:
        """Return the hashes."""
        self.set_options(var_options=variables, direct=kwargs)
        return [checksum(str(term)) for term in terms]
