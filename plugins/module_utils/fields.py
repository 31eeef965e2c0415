# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""A resource's fields, each said once: from a table follow options, their documentation, wanted and
current state, the arguments of create and modify, and the inputs of the role.

tests/unit/test_fields.py holds the role's files against the table; `make fields` writes them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .aws import AwsError, Dict


@dataclass(frozen=True)
class Input:
    """How the role of a component takes a field: as <role>_<field>.

    default: of the role, where it is another than the module's.
    text: where the field's own does not say it to somebody who knows no module.
    """

    default: Any = None
    text: str = ""


@dataclass(frozen=True)
class Field:
    """One option of a module that is one parameter of AWS.

    name: of the option.
    aws: of the parameter of create and modify; empty: the resource's transform.py makes it.
    text: what it is, as a module's documentation says it.
    type, default, choices: of the option; no default: AWS's own, or it is required elsewhere.
    seen: what the description calls it, where that is another name.
    within: the least and the most that a number may be.
    why: what follows the bounds in a refusal.
    remedy: what to do instead of changing it, where AWS can't; empty: it is changed in place.
    apart: whether it is changed by calls of its own.
    role: how the component's role takes it; None: the role knows its value.
    always: the value that it always has; then it is no option.
    """

    name: str
    aws: str
    text: str
    type: str = "str"
    default: Any = None
    choices: tuple[Any, ...] = ()
    seen: str = ""
    within: tuple[int, int] | None = None
    why: str = ""
    remedy: str = ""
    apart: bool = False
    role: Input | None = None
    always: Any = None

    @property
    def option(self) -> Dict:
        """The option in an argument spec."""
        found: Dict = {"type": self.type}
        if self.choices:
            found["choices"] = list(self.choices)
        if self.default is not None:
            found["default"] = self.default
        return found


class Fields:
    """The fields of a resource, in the order of the table."""

    def __init__(self, *fields: Field) -> None:
        self.all = fields
        plain = [each for each in fields if each.aws]
        self.create = {each.name: each.aws for each in plain}
        self.modify = {e.name: e.aws for e in plain if not e.remedy and not e.apart}
        self.seen = {each.name: each.seen or each.aws for each in plain}
        self._always = {each.name: each.always for each in plain}
        self.remedies = {each.name: each.remedy for each in fields if each.remedy}
        self.flags = tuple(each.name for each in plain if each.type == "bool")

    def spec(self) -> dict[str, Dict]:
        """Return the module's options."""
        return {each.name: each.option for each in self.all if each.always is None}

    def documentation(self) -> dict[str, Dict]:
        """Return the options with their texts, as a module documents them."""
        return {
            each.name: {"description": each.text, **each.option}
            for each in self.all
            if each.always is None
        }

    def wanted(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return the fields that are given, and those that are the same always."""
        given = {name: options.get(name, always) for name, always in self._always.items()}
        return {name: value for name, value in given.items() if value is not None}

    def current(self, seen: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
        """Return the fields of these names from a description; a flag that is missing is off."""
        found = {name: seen.get(self.seen[name]) for name in names if name in self.seen}
        return found | {name: bool(found[name]) for name in self.flags if name in found}

    def check(self, options: Mapping[str, Any]) -> None:
        """Refuse numbers out of their bounds.

        Raises:
            AwsError: with the option, its value and the bounds.
        """
        for each in self.all:
            value = options.get(each.name)
            if each.within and value is not None and not each.within[0] <= value <= each.within[1]:
                raise AwsError(
                    f"{each.name} is {value}, but must be {each.within[0]} to"
                    f" {each.within[1]}{each.why}."
                )


def plain(text: str, role: str) -> str:
    """Return a documentation's text without marks, with the role's names for its options."""
    text = re.sub(r"O\((\w+)\)", rf"{role}_\1", text)
    return re.sub(r"[VC]\(((?:\\\)|[^)])*)\)", lambda found: found[1].replace("\\)", ")"), text)


def inputs(fields: Fields, role: str) -> dict[str, Dict]:
    """Return the inputs of a role that are fields, as its argument spec has them."""
    return {
        f"{role}_{each.name}": {
            "description": each.role.text or plain(each.text, role),
            **each.option,
            "default": _default(each),
        }
        for each in fields.all
        if each.role
    }


def _default(field: Field) -> Any:
    """The role's default; of what has none, what means it: an input has a value always."""
    if field.role and field.role.default is not None:
        return field.role.default
    return {"int": 0, "str": ""}.get(field.type) if field.default is None else field.default
