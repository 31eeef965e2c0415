# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Filter input_type_problems: which inputs of a run are of another type than they must be."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleError
from ansible_collections.ragops.platform.plugins.module_utils._inputs import (
    platform,
    roles,
    types,
)

DOCUMENTATION = r"""
name: input_type_problems
version_added: 0.2.0
short_description: Find inputs of a run that have a wrong type
description:
  - Compares the inputs of all components with the types in the argument specs of their roles.
    Ansible converts only a copy, so the expressions of a role see the value as it was given.
    C(perhaps) would then mean false, a text would become a list of its letters, and C(0123) the
    number 83.
  - For playbooks that change something without all checks of role C(preflight). A value whose
    template cannot be evaluated is not checked, because the run may not need it.
positional: _input, components
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
author:
  - The ragops.platform authors
"""

EXAMPLES = r"""
- name: Say what is of another type
  ansible.builtin.debug:
    msg: "{{ hostvars | ragops.platform.input_type_problems(['rds']) }}"
"""

RETURN = r"""
_value:
  description: One text for each wrong input, which says how to write the input.
  type: list
  elements: str
"""

ROLES = Path(__file__).resolve().parents[2] / "roles"


class Readable(Mapping[str, Any]):
    """Variables of a host without those whose templates can't be evaluated."""

    def __init__(self, variables: Mapping[str, Any]) -> None:
        self._variables = variables

    def __getitem__(self, name: str) -> Any:
        try:
            value = self._variables[name]
        except AnsibleError as error:
            raise KeyError(name) from error
        if not types.readable(value):
            raise KeyError(name)
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(self._variables)

    def __len__(self) -> int:
        return len(self._variables)


def input_type_problems(
    hostvars: Mapping[str, Mapping[str, Any]], components: Collection[str]
) -> list[str]:
    """Return one text for each input of another type."""
    hosts = {name: Readable(hostvars[name]) for name in components}
    found = [text for own in [*hosts.values()][:1] for text in platform.wrong_types(own)]
    for name, own in hosts.items():
        found += roles.wrong_types(ROLES, name, own)
    return found


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"input_type_problems": input_type_problems}
