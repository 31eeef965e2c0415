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
short_description: A hash of the files in the folder of a chart
description:
  - The hash changes with every file of the folder and of its C(templates), even if the version of
    the chart stays the same.
options:
  _terms:
    description: Folders of charts. The hash of a chart that is not a folder is empty.
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
