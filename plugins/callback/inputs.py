# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Callback `inputs`: texts of the command line and of AWX surveys get their inputs' types."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase
from ansible_collections.ragops.platform.plugins.module_utils._inputs import given, roles, shared

DOCUMENTATION = r"""
name: inputs
type: aggregate
short_description: Converts text from the command line and from surveys to the types of the inputs
version_added: 0.2.0
description:
  - C(-e name=false), an INI inventory and an AWX survey give text, and a role takes the text
    C(false) for true. No task can convert a variable of the command line, because such variables
    override all others. This callback converts them before the first task. It converts the inputs
    of the roles of this collection, and its shared variables.
  - Converts booleans (true, false, yes, no, on, off, 1, 0), whole numbers, and lists (C(a,b) or
    JSON). A value that would lose information is not converted, and role C(preflight) refuses it.
    An example is a version that YAML has read as a number. Without this callback role C(preflight)
    refuses the text values, too.
author:
  - The ragops.platform authors
requirements:
  - Enable it in the configuration, C(callbacks_enabled = ragops.platform.inputs).
"""

EXAMPLES = r"""
example: |
  To enable it, in ansible.cfg:
    [defaults]
    callbacks_enabled = ragops.platform.inputs
  Then this takes the bastion out:
    ansible-playbook site.yml -i inventories/dev -e platform_bastion=false
"""

ROLES = Path(__file__).resolve().parents[2] / "roles"


class CallbackModule(CallbackBase):
    """Converts once, when the first play starts."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "ragops.platform.inputs"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._done = False
        self._specs: dict[str, Any] | None = None

    def v2_playbook_on_play_start(self, play: Any) -> None:
        """Convert what the command line and the inventory's files give."""
        if self._done:
            return
        self._done = True
        for variables in self._given(play.get_variable_manager()):
            self._convert(variables)

    @staticmethod
    def _given(manager: Any) -> Iterator[MutableMapping[str, Any]]:
        """Yield the dictionaries that hold variables of the command line and the inventory."""
        yield manager.extra_vars
        inventory = manager._inventory
        for entity in (*inventory.groups.values(), *inventory.hosts.values()):
            yield entity.vars

    def _convert(self, variables: MutableMapping[str, Any]) -> None:
        for name, value in list(variables.items()):
            if isinstance(value, str) and (option := self._option(name)):
                found = given.converted(option, value)
                if found is not value:
                    variables[name] = found

    def _option(self, name: str) -> dict[str, Any] | None:
        if self._specs is None:
            self._specs = dict(shared.SHARED)
            for role in sorted(path.name for path in ROLES.iterdir() if path.is_dir()):
                self._specs = {**roles.spec_of(ROLES, role), **self._specs}
        return self._specs.get(name)
