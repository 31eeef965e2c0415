"""Fixture: an emulated AWS adjusted as in the rehearsal, with a log of its requests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest
from aws_lifecycle import World
from botocore.loaders import create_loader
from running import ROOT, find_emulator, serving


@pytest.fixture(scope="session")
def adjusted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One adjusted AWS per test process; `world` gives it out empty."""
    folder = tmp_path_factory.mktemp("adjusted-aws")
    program = Path(__file__).with_name("aws_world.py")
    requests = folder / "requests.jsonl"
    argv = [str(find_emulator().with_name("python")), str(program), str(requests)]
    # Each run of a module in this process would read the SDK's megabytes of JSON again.
    loader = create_loader()
    with (
        mock.patch("botocore.session.create_loader", return_value=loader),
        serving(argv, folder, PYTHONPATH=str(ROOT / "rehearsal/src")) as aws,
    ):
        yield World(aws, requests)


@pytest.fixture
def world(adjusted: World) -> World:
    """An empty AWS account."""
    adjusted.aws.reset()
    adjusted.printed.clear()
    return adjusted
