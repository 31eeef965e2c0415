# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Filter input_problems: what is wrong with a run's inputs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from ansible_collections.ragops.platform.plugins.module_utils._inputs import all as inputs

DOCUMENTATION = r"""
name: input_problems
version_added: 0.1.0
short_description: Find errors in the inputs of a run
description:
  - Compares the inputs of all components with the argument specs of their roles, with the limits of
    AWS, and with each other. It sends no request and changes nothing.
positional: _input, components, roles, today
options:
  _input:
    description: The variables of the component hosts, C(hostvars).
    type: dict
    required: true
  components:
    description: The components of the run.
    type: list
    elements: str
    required: true
  roles:
    description: Folder of the roles.
    type: path
    required: true
  today:
    description: Day (YYYY-MM-DD) for which versions are judged.
    type: str
    required: true
author:
  - The ragops.platform authors
"""

EXAMPLES = r"""
- name: Say what is wrong
  ansible.builtin.debug:
    msg: "{{ hostvars | ragops.platform.input_problems(['rds'], 'roles', '2026-11-22') }}"
"""

RETURN = r"""
_value:
  description:
    - C(errors) and C(warnings), a list of texts each.
    - C(account), the options for a call of module M(ragops.platform.platform_account_info).
  type: dict
"""


def input_problems(
    hostvars: Mapping[str, Mapping[str, Any]], components: Collection[str], roles: str, today: str
) -> dict[str, Any]:
    """Return errors and warnings, one text for each problem, and what to ask the account."""
    return inputs.judge(hostvars, list(components), Path(roles), today)


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"input_problems": input_problems}
