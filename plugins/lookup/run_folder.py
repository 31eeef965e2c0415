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
  - On the controller, readable by its owner only. A place for what the run's own tasks hand each
    other as files and nobody else should see.
  - The lookup M(ansible.builtin.config#lookup) of C(DEFAULT_LOCAL_TMP) makes another folder at
    each call, which stays.
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
  description: The one path.
  type: list
  elements: str
"""


class LookupModule(LookupBase):
    """Returns the path; takes no terms."""

    # Ansible gives every lookup these arguments.
    def run(self, terms: Any, variables: Any = None, **kwargs: Any) -> list[str]:  # noqa: ARG002
        """Return the path in a list, as lookups do."""
        return [str(constants.DEFAULT_LOCAL_TMP)]
