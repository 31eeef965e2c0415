"""Fixtures: an emulated AWS behind the fault proxy."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from botocore.loaders import create_loader
from support.emulator import Aws, adjusted
from support.faults.killing import Bench, Faults
from support.faults.proxying import proxying
from table import Table

TABLE = Table()


def pytest_addoption(parser: pytest.Parser) -> None:
    """What is tried, and how much of it."""
    group = parser.getgroup("faults")
    group.addoption(
        "--seed",
        type=int,
        default=int(os.environ.get("FAULTS_SEED", secrets.randbelow(10**6))),
        help="seed of the points and faults (default: $FAULTS_SEED, or a new one)",
    )
    group.addoption(
        "--tries",
        default=os.environ.get("FAULTS_TRIES", "1"),
        help="points at which each component is killed, or `all` (default: $FAULTS_TRIES, or 1)",
    )
    group.addoption(
        "--runs",
        type=int,
        default=int(os.environ.get("FAULTS_RUNS", "0")),
        help="lives of whole runs that are killed on their way (default: $FAULTS_RUNS, or 0)",
    )


def pytest_report_header(config: pytest.Config) -> str:
    """Say with which seed to come back."""
    return f"faults: --seed {config.option.seed} --tries {config.option.tries}"


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print the table."""
    if TABLE.rows:
        terminalreporter.section(f"faults, --seed {config.option.seed}")
        terminalreporter.write_line(TABLE.text())


@pytest.fixture
def table() -> Table:
    """The table that is printed at the end."""
    return TABLE


@pytest.fixture(scope="session")
def seed(request: pytest.FixtureRequest) -> int:
    """Seed of all choices."""
    return int(request.config.option.seed)


@pytest.fixture(scope="session")
def tries(request: pytest.FixtureRequest) -> int | None:
    """How many points of each component; None: all."""
    given = request.config.option.tries
    return None if given == "all" else int(given)


@pytest.fixture(scope="session")
def bench(emulator: Aws, proxied: Aws) -> Bench:
    """Where components are killed."""
    return Bench(emulator, Faults(proxied))


@pytest.fixture(scope="session")
def request_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the emulated AWS notes each request."""
    return tmp_path_factory.mktemp("faulty-aws") / "requests.jsonl"


@pytest.fixture(scope="session")
def emulator(request_log: Path) -> Iterator[Aws]:
    """The emulated AWS itself, adjusted as in the rehearsal."""
    with adjusted(request_log) as aws:
        yield aws


@pytest.fixture(scope="session")
def proxied(emulator: Aws) -> Iterator[Aws]:
    """The same AWS by the address of the fault proxy."""
    with proxying(emulator) as aws:
        yield aws


@pytest.fixture(scope="session", autouse=True)
def one_loader() -> Iterator[None]:
    """Each module in this process would read the SDK's megabytes of JSON again."""
    loader = create_loader()
    with mock.patch("botocore.session.create_loader", return_value=loader):
        yield
