# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Filter record_texts: the data of the ConfigMap of records."""

from __future__ import annotations

from collections.abc import Callable

from ansible_collections.ragops.platform.plugins.module_utils._release.records import texts

DOCUMENTATION = r"""
name: record_texts
version_added: 0.2.0
short_description: The data of the ConfigMap of records
description:
  - Adds the record of the running release to the other records. Each becomes JSON with sorted keys.
positional: _input, running
options:
  _input:
    description: Records by number of the revision.
    type: dict
    required: true
  running:
    description:
      - Record of the running release, as filter P(ragops.platform.release_record#filter) returns
        it.
    type: dict
    required: true
author:
  - The ragops.platform authors
"""

EXAMPLES = r"""
- name: Keep the record
  kubernetes.core.k8s:
    definition:
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: rag-releases, namespace: rag}
      data: "{{ records | ragops.platform.record_texts(running) }}"
"""

RETURN = r"""
_value:
  description: JSON by number of the revision, as text.
  type: dict
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., object]]:
        """Return the filters by name."""
        return {"record_texts": texts}
