"""Fixture: the emulated AWS for modules that run in the test process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest
from aws_lifecycle import World
from botocore.loaders import create_loader
from running import Aws


@pytest.fixture(scope="session")
def adjusted(emulator: Aws, request_log: Path) -> Iterator[World]:
    """The emulated AWS with what modules run against it need; `world` gives it out empty."""
    # Each run of a module in this process would read the SDK's megabytes of JSON again.
    loader = create_loader()
    with mock.patch("botocore.session.create_loader", return_value=loader):
        yield World(emulator, request_log)


@pytest.fixture
def world(adjusted: World) -> World:
    """An empty AWS account."""
    adjusted.aws.reset()
    adjusted.printed.clear()
    return adjusted
