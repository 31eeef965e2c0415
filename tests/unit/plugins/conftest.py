"""Fixtures: an emulated AWS for the tests of modules, roles and playbooks."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "collections"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from running import Aws, find_emulator, serving


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    """One emulated AWS per test process; `aws` gives it out empty."""
    with serving([str(find_emulator())], tmp_path_factory.mktemp("ministack")) as aws:
        yield aws


@pytest.fixture
def aws(emulator: Aws) -> Aws:
    """An empty emulated AWS account."""
    emulator.reset()
    return emulator
