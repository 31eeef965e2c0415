#!/usr/bin/python
# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Documentation of action `planned`, which runs on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: planned
version_added: 0.2.0
short_description: Say in check mode which resources a run would make
description:
  - For a dry run that can't ask the service that the resources would be made in, because this
    service is itself still to be made, such as an EKS cluster.
  - Reports a change and a diff from nothing, so that C(--check --diff) and callback
    P(ragops.platform.plan#callback) show the resources like others.
author:
  - The ragops.platform authors
options:
  create:
    description: The resources, each as its kind and its name, as other modules call them.
    type: list
    elements: str
    default: []
  objects:
    description: Further resources, a list of names by kind. They are told after O(create).
    type: dict
    default: {}
  because:
    description: Why this is all that is known.
    type: str
    required: true
attributes:
  check_mode:
    description: Fails in a real run, since it would make nothing.
    support: full
  diff_mode:
    description: The resources, from nothing.
    support: full
  idempotent:
    description: Makes nothing.
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
  description: The resources and the reason, in a sentence.
  returned: always
  type: str
  sample: Would make namespace rag, secret rag/rag-backend; there is no cluster yet.
"""
