"""A module's documentation, put together as ansible-doc does."""

from __future__ import annotations

import importlib
from typing import Any

import yaml

from support.module_process import NAMESPACE

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
