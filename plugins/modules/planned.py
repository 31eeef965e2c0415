#!/usr/bin/python
# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Documentation of action `planned`, which runs on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: planned
version_added: 0.2.0
short_description: Report in check mode which resources a run would create
description:
  - For a dry run in which the service of the resources does not exist yet, such as an EKS cluster.
    No module can ask such a service which resources it would create.
  - Reports each resource as a change, with a diff from nothing. So C(--check --diff) and callback
    P(ragops.platform.plan#callback) show these resources like all others.
author:
  - The ragops.platform authors
options:
  create:
    description: The resources, each with its kind and name, as other modules name them.
    type: list
    elements: str
    default: []
  objects:
    description: Further resources, as a list of names by kind. They are reported after O(create).
    type: dict
    default: {}
  because:
    description: Why no more is known about the resources.
    type: str
    required: true
attributes:
  check_mode:
    description: Fails in a real run, because the module creates nothing.
    support: full
  diff_mode:
    description: Shows the resources as new.
    support: full
  idempotent:
    description: The module creates nothing.
    support: full
"""

EXAMPLES = r"""
- name: Say what would be made
  ragops.platform.planned:
    create:
      - namespace rag
      - helm release rag/rag
    objects:
      secret: [rag/rag-backend, rag/rag-owner]
    because: there is no cluster yet
  when: ansible_check_mode
"""

RETURN = r"""
msg:
  description: The resources and the reason, in one sentence.
  returned: always
  type: str
  sample: Would make namespace rag, secret rag/rag-backend; there is no cluster yet.
"""
