"""An input is the same in a role's defaults, its spec, the module and the README."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from support.checkout import ROOT
from support.module_docs import documentation, shape
from support.module_process import NAMESPACE

ROLES = sorted(path.name for path in (ROOT / "roles").iterdir() if path.is_dir())
OTHERS = {
    "timeout": "how long a role waits depends on what it waits for",
    "wait_timeout": "how long a role waits depends on what it waits for",
    "request_timeout": "how long a role waits depends on what it waits for",
    "release": "the platform's own name",
    "chart_repo": "the platform's own chart",
    "chart_version": "the platform's own chart",
    "max_age_days": "the platform rotates its secrets, a secret alone does not",
    "monitoring_interval": "the platform watches its database, an instance alone does not",
    "log_exports": "the platform keeps its database's log, an instance alone does not",
}
"""Options whose default a role may set to another value than the module's, with the reason."""
ONE_INPUT = re.compile(r"\{\{ (\w+)(?: or omit| \| default\(omit\))? \}\}")


def entry_points(role: str) -> dict[str, dict[str, Any]]:
    """The options of each entry point of a role, by its argument spec."""
    text = (ROOT / "roles" / role / "meta/argument_specs.yml").read_text()
    spec = yaml.safe_load(text)["argument_specs"]
    return {name: entry.get("options", {}) for name, entry in spec.items()}


def defaults_of(role: str) -> dict[str, Any]:
    path = ROOT / "roles" / role / "defaults/main.yml"
    return (yaml.safe_load(path.read_text()) or {}) if path.exists() else {}


@pytest.mark.parametrize("role", ROLES)
def test_the_defaults_of_a_role_and_its_argument_spec_agree(role: str) -> None:
    """Defaults in an argument spec set no variable, so each stands in both places or in neither."""
    options = entry_points(role)["main"]
    defaults = defaults_of(role)
    assert set(defaults) <= set(options), "a default that the argument spec does not know"
    own = {name: option for name, option in options.items() if name.startswith(f"{role}_")}
    for name, option in own.items():
        assert name in defaults or "default" not in option, f"{name}: default only in the spec"
        if option.get("required"):
            assert name not in defaults, f"{name}: required, yet it has a default"


@pytest.mark.parametrize("role", ROLES)
def test_an_argument_spec_states_the_defaults_that_a_role_has(role: str) -> None:
    """By value: what a reader of the spec learns is what runs."""
    defaults = defaults_of(role)
    different = {
        f"{entry}: {name}": (option["default"], defaults[name])
        for entry, options in entry_points(role).items()
        for name, option in options.items()
        if "default" in option and name in defaults and option["default"] != defaults[name]
    }
    assert different == {}


def may_be_left_out(default: Any) -> bool:
    """Whether a spec need not repeat a default: what it depends on, or a whole table."""
    table = isinstance(default, list) and all(isinstance(row, dict) for row in default)
    return "{{" in str(default) or (table and default != [])


@pytest.mark.parametrize("role", ROLES)
def test_an_argument_spec_leaves_no_plain_default_out(role: str) -> None:
    options = entry_points(role)["main"]
    plain = [name for name, value in defaults_of(role).items() if not may_be_left_out(value)]
    assert [name for name in plain if "default" not in options[name]] == []


def calls(node: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """The calls of this collection's modules in a file of tasks: module and arguments."""
    if isinstance(node, list):
        for each in node:
            yield from calls(each)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key.startswith("ragops.platform.") and isinstance(value, dict):
                yield key.rpartition(".")[2], value
            yield from calls(value)


def handed_on(role: str) -> Iterator[tuple[str, str, str]]:
    """The inputs that a role hands to a module as they are: input, module and option."""
    for path in sorted((ROOT / "roles" / role / "tasks").rglob("*.yml")):
        for module, arguments in calls(yaml.safe_load(path.read_text())):
            for option, value in arguments.items():
                if found := ONE_INPUT.fullmatch(str(value)):
                    yield found[1], module, option


def choose_from(ours: Any, theirs: Any) -> bool:
    """Whether a role offers choices of the module's; an empty input leaves the option out."""
    return bool(ours) and {each for each in ours if each != ""} <= set(theirs)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_and_the_module_that_takes_its_input_agree(role: str) -> None:
    """By value: type, elements, choices, nested options; and the default, where both have one."""
    inputs = entry_points(role)["main"]
    different = {}
    for name, module, option in handed_on(role):
        options = documentation(importlib.import_module(f"{NAMESPACE}.{module}"))["options"]
        if name not in inputs or option not in options:
            continue  # A fact of another task; ansible-lint refuses unknown options.
        ours, theirs = shape({option: inputs[name]}, "options"), shape(options, "suboptions")
        mine, its = ours[option], theirs[option]
        said = {key: (mine[key], its[key]) for key in ("type", "elements", "options")}
        if its["choices"] and not choose_from(mine["choices"], its["choices"]):
            said["choices"] = (mine["choices"], its["choices"])
        if its["default"] and not may_be_left_out(mine["default"]) and option not in OTHERS:
            said["default"] = (mine["default"] or its["default"], its["default"])
        different |= {
            f"{name}, {option} of {module}, {key}": pair
            for key, pair in said.items()
            if pair[0] != pair[1]
        }
    assert different == {}


def rows(text: str) -> Iterator[dict[str, str]]:
    """The rows of a page's tables, by their columns' headings."""
    heading: list[str] = []
    for line in [*text.splitlines(), ""]:
        if not line.startswith("|"):
            heading = []
            continue
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if not heading:
            heading = cells
        elif not set("".join(cells)) <= set("-: "):
            yield dict(zip(heading, cells, strict=False))


@pytest.mark.parametrize("role", ROLES)
def test_a_readme_says_the_default_that_a_role_has(role: str) -> None:
    defaults = defaults_of(role)
    different = {}
    for row in rows((ROOT / "roles" / role / "README.md").read_text()):
        name = row.get("Input", "").strip("`")
        if "Default" in row and name in defaults and not may_be_left_out(defaults[name]):
            said = yaml.safe_load(row["Default"].strip("`"))
            if said != defaults[name]:
                different[name] = (row["Default"], defaults[name])
    assert different == {}
