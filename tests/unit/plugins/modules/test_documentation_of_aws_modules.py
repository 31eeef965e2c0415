"""What all our AWS modules have in common: one group of defaults, documentation that is true."""

from __future__ import annotations

import importlib
import inspect
import re
from typing import Any
from unittest import mock

import pytest
import yaml
from support.checkout import ROOT
from support.module_docs import documentation, shape
from support.module_process import NAMESPACE

MODULES = sorted(
    path.stem
    for path in (ROOT / "plugins/modules").glob("*.py")
    if "AnsibleAWSModule" in path.read_text()
)
RECONCILED = [
    name
    for name in MODULES
    if "ragops.platform.reconciled" in (ROOT / f"plugins/modules/{name}.py").read_text()
]


class Seen(Exception):
    """Ends a module once its argument spec is known."""


def argument_spec(module: Any) -> dict[str, Any]:
    """The options with which a module starts."""
    with mock.patch.object(module, "AnsibleAWSModule", side_effect=Seen) as start:
        with pytest.raises(Seen):
            module.main()
        spec: dict[str, Any] = start.call_args.kwargs["argument_spec"]
        assert start.call_args.kwargs["supports_check_mode"] is True
    return spec


def test_module_defaults_reach_every_aws_module() -> None:
    runtime = yaml.safe_load((ROOT / "meta/runtime.yml").read_text())
    assert runtime["action_groups"]["aws"] == MODULES


@pytest.mark.parametrize("name", MODULES)
def test_documentation_agrees_with_arguments(name: str) -> None:
    module = importlib.import_module(f"{NAMESPACE}.{name}")
    documented = documentation(module)
    assert shape(documented["options"], "suboptions") == shape(argument_spec(module), "options")
    assert set(documented["attributes"]) == {"check_mode", "diff_mode", "idempotent"}
    examples = {key for task in yaml.safe_load(module.EXAMPLES) for key in task}
    assert f"ragops.platform.{name}" in examples


@pytest.mark.parametrize("name", RECONCILED)
def test_a_module_that_changes_something_ends_in_reconcile(name: str) -> None:
    """So each tells of a failure, and of what was changed before it, in the same way."""
    module = importlib.import_module(f"{NAMESPACE}.{name}")
    assert re.search(r"^    (reconcile|conclude)\(module, ", inspect.getsource(module.main), re.M)
