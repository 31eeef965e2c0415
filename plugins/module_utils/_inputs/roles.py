# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What the roles take, by their own argument specs, and what a run gives them."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from . import types

Inputs = dict[str, Any]

# The parser in C, where PyYAML has one, takes a tenth of the time.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DOCUMENTATION = ("description", "version_added", "short_description")


@functools.cache
def _load(file: Path) -> Any:
    """Read a YAML file once: reading is what takes time here, and nobody changes what is read."""
    if not file.exists():
        return None
    return yaml.load(file.read_text(), Loader=_LOADER)  # noqa: S506 - a safe loader, see above


@functools.cache
def spec_of(roles: Path, role: str) -> dict[str, Any]:
    """Return the options of a role's entry point, as Ansible validates them; {} without a spec."""
    found = _load(roles / role / "meta/argument_specs.yml")
    options = found["argument_specs"]["main"].get("options", {}) if found else {}
    return {name: _bare(option) for name, option in options.items()}


def _bare(option: Mapping[str, Any]) -> dict[str, Any]:
    bare = {key: value for key, value in option.items() if key not in _DOCUMENTATION}
    # Made of other variables: only the role itself can tell its value.
    if "{{" in str(bare.get("default", "")):
        del bare["default"]
    if "options" in bare:
        bare["options"] = {name: _bare(inner) for name, inner in bare["options"].items()}
    return bare


def defaults_of(roles: Path, role: str) -> Inputs:
    """Return a role's defaults, without those that are made of other variables."""
    values = _load(roles / role / "defaults/main.yml")
    return {name: value for name, value in (values or {}).items() if "{{" not in str(value)}


def strangers(
    roles: Path, components: Collection[str], variables: Collection[str]
) -> Iterator[str]:
    """Yield variables that begin as a role's inputs do, and are none: most likely misspelt.

    Args:
        roles: folder of the roles.
        components: the components of the run, whose roles are asked.
        variables: names of what the run sets.
    """
    known = {role.name for role in roles.iterdir() if (role / "meta").is_dir()}
    inputs = {name for role in known for name in spec_of(roles, role)}
    for name in sorted(variables):
        role = next((role for role in components if name.startswith(f"{role}_")), None)
        if role is None or name in inputs or name.endswith(("_result", "_state")):
            continue
        near = difflib.get_close_matches(name, inputs, 1)
        yield f"{name} is not an input of role {role}, and has no effect." + (
            f" Is {near[0]} meant?" if near else ""
        )


def _apart(value: Any) -> Any:
    """Return a copy in which nothing is shared: an anchor of YAML makes one object of two.

    The validator fills in what is missing, so it would take the second for one that sets it.
    """
    if isinstance(value, Mapping):
        return {key: _apart(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_apart(inner) for inner in value]
    return value


def wrong_types(roles: Path, role: str, variables: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the types of a role's inputs, before anything converts them."""
    spec = spec_of(roles, role)
    return [
        f"{role}: {text}"
        for name, option in spec.items()
        if name in variables
        for text in types.problems(option, variables[name], name)
    ]


def read(roles: Path, role: str, variables: Mapping[str, Any]) -> tuple[Inputs, list[str]]:
    """Return a role's inputs as it will see them, and what its argument spec refuses.

    Args:
        roles: folder of the roles.
        role: name of the role.
        variables: what the run sets, beside other variables.

    Returns:
        The inputs with types and nested defaults filled in (defaults that are made of other
        variables are missing), and one text for each violation.
    """
    spec = spec_of(roles, role)
    given = {name: variables[name] for name in spec if name in variables}
    errors = wrong_types(roles, role, given)
    if errors:
        return {}, errors
    inputs = _apart({**defaults_of(roles, role), **given})
    inputs = {name: value for name, value in inputs.items() if name in spec}
    # A required input without a value is the role's to name: others may still set it.
    loose = {name: {**option, "required": False} for name, option in spec.items()}
    result = ArgumentSpecValidator(loose).validate(inputs)
    errors = [f"{role}: {text}" for text in result.error_messages]
    seen = result.validated_parameters if not errors else inputs
    return {name: value for name, value in seen.items() if value is not None}, errors
