# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""The folder that Ansible makes for one run."""

from __future__ import annotations

from typing import Any

from ansible import constants
from ansible.plugins.lookup import LookupBase

DOCUMENTATION = r"""
name: run_folder
version_added: 0.2.0
short_description: The folder that Ansible makes for one run, and removes at its end
description:
  - The folder is on the controller, and only its owner can read it. Tasks of a run use it for files
    that nobody else may see.
  - Do not use the lookup M(ansible.builtin.config#lookup) of C(DEFAULT_LOCAL_TMP) for this. It
    makes a new folder at each call, which is never removed.
author:
  - The ragops.platform authors
"""

EXAMPLES = r"""
- name: Write a file that is gone after the run
  ansible.builtin.copy:
    content: secret
    dest: "{{ lookup('ragops.platform.run_folder') }}/token"
    mode: "0600"
"""

RETURN = r"""
_raw:
  description: The path, as the only entry.
  type: list
  elements: str
"""


class LookupModule(LookupBase):
    """Returns the path; takes no terms."""

    # Ansible gives every lookup these arguments.
    def run(self, terms: Any, variables: Any = None, **kwargs: Any) -> list[str]:  # noqa: ARG002
        """Return the path in a list, as lookups do."""
        return [str(constants.DEFAULT_LOCAL_TMP)]
