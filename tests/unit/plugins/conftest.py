"""Fixtures: an emulated AWS for the tests of modules, roles and playbooks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.emulator import Aws, adjusted


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
