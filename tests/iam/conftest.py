"""Options and fixtures: what the playbooks can't do without, found once."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from accounts import PLAYBOOKS, States, states
from telling import Found, live

HERE = Path(__file__).resolve().parent


FOUND: dict[str, Found] = {}


def pytest_addoption(parser: pytest.Parser) -> None:
    """How much is proved."""
    group = parser.getgroup("iam")
    group.addoption("--write", action="store_true", help="write docs/iam anew")
    group.addoption("--sample", default="1", help="whole runs per playbook without an action")
    group.addoption("--world", action="store_true", help="roll out in the rehearsal, too")
    group.addoption("--iam-seed", type=int, default=None, help="which actions these are")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print what was missed and named."""
    if FOUND:
        terminalreporter.section("IAM actions")
        line = "{:18}{:>8}{:>8}  {}"
        terminalreporter.write_line(line.format("", "named", "hidden", "done without"))
        for playbook, found in FOUND.items():
            spared = " ".join(sorted(found.spared))
            terminalreporter.write_line(
                line.format(playbook, len(found.named), len(found.hidden), spared)
            )


@pytest.fixture(scope="session")
def choice(request: pytest.FixtureRequest) -> random.Random:
    """Chooses the actions to take out; its seed is printed."""
    seed = request.config.getoption("--iam-seed")
    seed = int.from_bytes(os.urandom(2), "big") if seed is None else seed
    reporter = request.config.pluginmanager.get_plugin("terminalreporter")
    assert reporter is not None
    reporter.write_line(f"\n--iam-seed {seed}")
    return random.Random(seed)  # noqa: S311 - it chooses, it keeps no secret


@pytest.fixture(scope="module")
def world(request: pytest.FixtureRequest) -> None:
    """A world of the rehearsal may be made."""
    if not request.config.getoption("--world"):
        pytest.skip("a world was not asked for: --world, or make iam")


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[States]:
    """Accounts in the states in which playbooks are run."""
    with states(tmp_path_factory.mktemp("states")) as found:
        yield found


@pytest.fixture(scope="session")
def found(kept: States) -> dict[str, Found]:
    """What each playbook missed while its user had only what had been missed before."""
    FOUND.update(live(kept))
    assert set(FOUND) == set(PLAYBOOKS)
    return FOUND
