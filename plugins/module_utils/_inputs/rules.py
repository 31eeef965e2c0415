# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What a component knows of its role's inputs: `RULES` of its _<component>/inputs.py."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..components import COMPONENTS
from .forms import Form

Inputs = Mapping[str, Any]
"""Inputs of a role, typed, by name."""
PLATFORMS = "alias/<platform>"
"""Of `Rules.key`: the platform's own key, whatever its name is."""


@dataclass(frozen=True)
class Run:
    """The run whose inputs are judged.

    name: platform_name; region: platform_region; environment: platform_environment.
    today: the day for which versions are judged (YYYY-MM-DD).
    roles: folder of the roles.
    shared: the shared variables (platform_*).
    inputs: of the run's components that have the types they must have, by component.
    """

    name: str
    region: str
    environment: str = ""
    today: str = ""
    roles: Path = Path()
    shared: Inputs = field(default_factory=dict)
    inputs: Mapping[str, Inputs] = field(default_factory=dict)

    def of(self, component: str) -> Inputs:
        """Return a component's inputs; none, when the run is not about it."""
        return self.inputs.get(component, {})


def _nothing(_: Inputs, __: Run) -> Iterator[Any]:
    yield from ()


def _no_key(_: Inputs) -> str | None:
    return None


def key_of(option: str) -> Callable[[Inputs], str | None]:
    """Return what tells the key that an input names, which is the platform's by default."""
    return lambda own: str(own.get(option, PLATFORMS))


@dataclass(frozen=True)
class Rules:
    """What is wrong with inputs, and what follows from them before anything is made.

    problems, warnings: texts, each with the input, its value and the remedy.
    forms: how texts are written, by the path of the option without the places in lists.
    at_least, at_most: bounds of numbers; what ends in _timeout is at least 1.
    owned: names that somebody else may have already: kind (as module platform_account_info has
        it), what follows platform_name, and the region where it is another than the platform's.
    bounded: names that AWS bounds: the name, the characters that fit, what it is the name of.
    key: the KMS key that is needed; None without one, PLATFORMS for the platform's own.
    needs: components that must be there, beside the key's.
    """

    problems: Callable[[Inputs, Run], Iterator[str]] = _nothing
    warnings: Callable[[Inputs, Run], Iterator[str]] = _nothing
    forms: Mapping[str, Form] = field(default_factory=dict)
    at_least: Mapping[str, int] = field(default_factory=dict)
    at_most: Mapping[str, int] = field(default_factory=dict)
    owned: Callable[[Inputs, Run], Iterator[tuple[str, ...]]] = _nothing
    bounded: Callable[[Inputs, Run], Iterator[tuple[str, int, str]]] = _nothing
    key: Callable[[Inputs], str | None] = _no_key
    needs: tuple[str, ...] = ()


def rules_of(component: str) -> Rules:
    """Return a component's rules.

    Imported by name: modules that run on AWS go through the same list of components, and would
    carry all of this with them.
    """
    found: Rules = importlib.import_module(f".._{component}.inputs", __package__).RULES
    return found


def every() -> dict[str, Rules]:
    """Return the rules of all components, in the order of their list."""
    return {each.name: rules_of(each.name) for each in COMPONENTS}
