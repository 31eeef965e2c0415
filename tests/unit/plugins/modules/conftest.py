"""Fixture: the emulated AWS for modules that run in the test process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.emulator import Aws
from support.lifecycle import World
from support.module_process import kept_clients


@pytest.fixture(scope="session")
def adjusted(emulator: Aws, request_log: Path) -> Iterator[World]:
    """The emulated AWS with what modules run against it need; `world` gives it out empty."""
    with kept_clients():
        yield World(emulator, request_log)


@pytest.fixture
def world(adjusted: World) -> World:
    """An empty AWS account."""
    adjusted.aws.reset()
    adjusted.printed.clear()
    return adjusted
