"""Fixtures: an emulated AWS. And the order of the tests: what takes longest is started first."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.emulator import Aws, adjusted
from support.lifecycle import World
from support.module_process import kept_clients

LONGEST = (
    *(
        "test_cluster_addons_karpenter.py",
        "test_upgrade.py",
        "test_workload_identity.py",
        "test_phases.py",
    ),
    *("test_plan.py", "test_preflight_inventories.py", "test_kube_access.py"),
)
"""Files that run many plays. Each is one process's, so that at the end all would wait for it."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--write", action="store_true", help="write the files of roles that a table says"
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files before the others, and leave the order within each."""
    place = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path.name, len(LONGEST)))


@pytest.fixture(scope="session")
def request_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the emulated AWS notes each request: one JSON object per line."""
    return tmp_path_factory.mktemp("emulated-aws") / "requests.jsonl"


@pytest.fixture(scope="session")
def emulator(request_log: Path) -> Iterator[Aws]:
    """One emulated AWS per test process, adjusted as in the rehearsal; `aws` gives it out empty."""
    with adjusted(request_log) as aws:
        yield aws


@pytest.fixture
def aws(emulator: Aws) -> Aws:
    """An empty emulated AWS account."""
    emulator.reset()
    return emulator


@pytest.fixture
def account(request_log: Path) -> Iterator[Callable[..., None]]:
    """Sets what the emulated account has of zones and the like (rehearsal.aws.account.facts)."""
    file = request_log.with_name("account.json")
    yield lambda **facts: file.write_text(json.dumps(facts)) and None
    file.unlink(missing_ok=True)


@pytest.fixture(scope="session")
def modules_world(emulator: Aws, request_log: Path) -> Iterator[World]:
    """The emulated AWS for modules that run in the test process; `world` gives it out empty."""
    with kept_clients():
        yield World(emulator, request_log)


@pytest.fixture
def world(modules_world: World) -> World:
    """An empty AWS account for modules that run in the test process."""
    modules_world.aws.reset()
    modules_world.printed.clear()
    return modules_world
