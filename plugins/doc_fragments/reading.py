# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Documentation that the modules share which only read AWS."""

from __future__ import annotations


class ModuleDocFragment:
    """Fragments of documentation, by the name after the dot."""

    # Ansible follows no fragment of a fragment: modules name those of amazon.aws themselves.
    DOCUMENTATION = r"""
attributes:
  check_mode:
    description: The module only reads AWS, so that it does the same in check mode.
    support: full
  diff_mode:
    description: The module changes nothing, so that there is no diff.
    support: none
  idempotent:
    description: Changes nothing.
    support: full
author:
  - The ragops.platform authors
"""
