# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Documentation that the modules share which bring an AWS resource to its state."""

from __future__ import annotations


class ModuleDocFragment:
    """Fragments of documentation, by the name after the dot."""

    # Ansible follows no fragment of a fragment: modules name those of amazon.aws themselves.
    # What check mode, diff and a second run do is the same promise for all of them.
    DOCUMENTATION = r"""
attributes:
  check_mode:
    description: Reads AWS and sends no call that changes anything. Values that exist only after
      creation are shown as C((known after creation)).
    support: full
  diff_mode:
    description: Shows the managed settings of each resource that changes, before and after. For a
      secret value it shows only whether the value differs.
    support: full
  idempotent:
    description: A second run with the same options changes nothing.
    support: full
author:
  - The ragops.platform authors
"""
