"""Options and fixtures: what the playbooks ask of IAM, recorded once."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "unit/plugins")]

from accounts import OWNER, PLAYBOOKS, Account, account
from policies import Question


def pytest_addoption(parser: pytest.Parser) -> None:
    """How much is proved."""
    group = parser.getgroup("iam")
    group.addoption("--write", action="store_true", help="write docs/iam anew")
    group.addoption("--sample", default="3", help="actions to take out per playbook, or all")
    group.addoption("--iam-seed", type=int, default=None, help="which actions these are")


@pytest.fixture(scope="session")
def choice(request: pytest.FixtureRequest) -> random.Random:
    """Chooses the actions to take out; its seed is printed."""
    seed = request.config.getoption("--iam-seed")
    seed = int.from_bytes(os.urandom(2), "big") if seed is None else seed
    reporter = request.config.pluginmanager.get_plugin("terminalreporter")
    assert reporter is not None
    reporter.write_line(f"\n--iam-seed {seed}")
    return random.Random(seed)  # noqa: S311 - it chooses, it keeps no secret


@pytest.fixture(scope="session")
def asked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[Question]]:
    """What IAM is asked while the account's owner runs each playbook."""
    found: dict[str, set[Question]] = {}
    with account(tmp_path_factory.mktemp("recorded")) as recorded:
        for playbook in PLAYBOOKS:
            since = recorded.mark()
            ran = recorded.play(playbook, OWNER)
            assert ran.returncode == 0, ran.output
            found[playbook] = recorded.questions(OWNER, since)
    return found


@pytest.fixture
def own_account(tmp_path: Path) -> Iterator[Account]:
    """An empty account."""
    with account(tmp_path / "account") as empty:
        yield empty
