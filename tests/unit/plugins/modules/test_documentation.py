"""The documented options of our modules are those they take."""

from __future__ import annotations

import importlib

import pytest
import yaml
from support.module_docs import documentation, shape
from support.module_process import NAMESPACE

MODULES = (
    *("milvus_collection", "milvus_collection_info", "milvus_role", "rag_health"),
    "container_image",
)


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
