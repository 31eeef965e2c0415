"""Fixture: an emulated account of its own; option --write writes docs/compliance.md."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.emulator import Aws, adjusted


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write", action="store_true", help="write docs/compliance.md")


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    """An empty emulated account, adjusted as in the rehearsal."""
    with adjusted(tmp_path_factory.mktemp("account") / "requests.jsonl") as emulator:
        yield emulator
