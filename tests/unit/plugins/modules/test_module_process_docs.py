"""The documented options of our modules are those they take."""

from __future__ import annotations

import importlib
from typing import Any

import pytest
import yaml
from module_process import NAMESPACE

MODULES = (
    *("milvus_collection", "milvus_collection_info", "milvus_role", "rag_health"),
    "container_image",
)


FRAGMENTS = NAMESPACE.replace("plugins.modules", "plugins.doc_fragments")


def documentation(module: Any) -> dict[str, Any]:
    """A module's documentation with that of our fragments, as ansible-doc puts them together."""
    documented: dict[str, Any] = yaml.safe_load(module.DOCUMENTATION)
    named = documented.get("extends_documentation_fragment", [])
    for name in [named] if isinstance(named, str) else named:
        if name.startswith("ragops.platform."):
            fragment = importlib.import_module(f"{FRAGMENTS}.{name.rpartition('.')[2]}")
            shared = yaml.safe_load(fragment.ModuleDocFragment.DOCUMENTATION)
            for part in ("options", "attributes"):
                documented[part] = {**shared.get(part, {}), **documented.get(part, {})}
    return documented


def shape(options: dict[str, Any], nested: str) -> dict[str, Any]:
    """Return what both sides must agree on, by option."""
    found = {}
    for name, option in options.items():
        agreed = {key: option.get(key) for key in ("type", "elements", "default", "choices")}
        agreed["type"] = agreed["type"] or "str"
        agreed["required"] = bool(option.get("required"))
        found[name] = {**agreed, "options": shape(option.get(nested) or {}, nested)}
    return found


@pytest.mark.parametrize("name", MODULES)
def test_documentation_agrees_with_arguments(name: str) -> None:
    """Types, defaults, choices and nested options are the same."""
    module = importlib.import_module(f"{NAMESPACE}.{name}")
    documented = documentation(module)
    assert shape(documented["options"], "suboptions") == shape(module.ARGUMENTS, "options")
    assert set(documented["attributes"]) == {"check_mode", "diff_mode", "idempotent"}


@pytest.mark.parametrize("name", MODULES)
def test_results_keep_off_reserved_names(name: str) -> None:
    """A result named `failed` or `skipped` would be taken for the task's own state."""
    module = importlib.import_module(f"{NAMESPACE}.{name}")
    reserved = {"failed", "skipped", "unreachable", "rc", "warnings", "invocation"}
    assert not reserved & set(yaml.safe_load(module.RETURN))
