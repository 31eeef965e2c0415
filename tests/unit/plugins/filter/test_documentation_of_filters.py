"""Filters and lookups are documented by the names and arguments that they take."""

from __future__ import annotations

import importlib
import inspect
from typing import Any

import pytest
import yaml
from support.checkout import ROOT

PLUGINS = "ansible_collections.ragops.platform.plugins"
FILTERS, LOOKUPS = (
    sorted(path.stem for path in (ROOT / "plugins" / kind).glob("[!_]*.py"))
    for kind in ("filter", "lookup")
)


def documented(kind: str, name: str) -> tuple[Any, dict[str, Any]]:
    """A plugin's module and its documentation, whose further parts are there, too."""
    module = importlib.import_module(f"{PLUGINS}.{kind}.{name}")
    found: dict[str, Any] = yaml.safe_load(module.DOCUMENTATION)
    assert found["name"] == name
    assert yaml.safe_load(module.EXAMPLES)
    assert yaml.safe_load(module.RETURN)
    assert f"ragops.platform.{name}" in module.EXAMPLES
    return module, found


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_takes_what_its_documentation_says(name: str) -> None:
    module, found = documented("filter", name)
    [(called, function)] = module.FilterModule().filters().items()
    taken = list(inspect.signature(function).parameters.values())
    assert called == name
    assert found["positional"].split(", ") == list(found["options"])
    assert ["_input", *(each.name for each in taken[1:])] == list(found["options"])
    for parameter in taken[1:]:
        optional = parameter.default is not inspect.Parameter.empty
        assert optional is not found["options"][parameter.name].get("required", False)


@pytest.mark.parametrize("name", LOOKUPS)
def test_a_lookup_is_documented(name: str) -> None:
    documented("lookup", name)
