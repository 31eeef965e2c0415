"""The cluster that these tests break things in: `make rollout` runs them inside the rehearsal."""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--record", help="folder for the objects of each failure (unit tests)")


def kubectl(*arguments: str, given: Any = None) -> str:
    """Run kubectl and return what it says; `given` is its input, an object or text."""
    text = given if isinstance(given, str) or given is None else json.dumps(given)
    done = subprocess.run(
        ["kubectl", *arguments], input=text, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"kubectl {' '.join(arguments)}: {done.stderr}"
    return done.stdout


@pytest.fixture(scope="session", autouse=True)
def cluster() -> None:
    """The rehearsal's cluster; another one is never touched."""
    assert "REHEARSAL_WORLD" in os.environ, "these tests run inside the rehearsal: make rollout"
    kubectl("version")
