"""Fixtures: one emulated account for all tests of plans, rolled out once; and the drift table."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from accounts import Account
from support.emulator import adjusted

HEADER = ("drift", "component", "planned", "repaired", "again")
_accounts: list[Account] = []


@pytest.fixture(scope="session")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """An account of an emulated AWS that is adjusted as in the rehearsal; empty at first."""
    folder = tmp_path_factory.mktemp("account")
    log = folder / "requests.jsonl"
    log.touch()
    with adjusted(log) as aws:
        _accounts.append(Account(aws, log, folder))
        yield _accounts[-1]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the drift table, and how long plans took."""
    for account in _accounts:
        lines = [HEADER, *account.table]
        widths = [max(len(line[i]) for line in lines) for i in range(len(HEADER))]
        terminalreporter.write_sep("=", "drift table")
        for line in lines:
            cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
            terminalreporter.write_line("  ".join(cells).rstrip())
        for what, seconds in account.times.items():
            terminalreporter.write_line(f"{what}: {seconds:.1f} s (load {os.getloadavg()[0]:.1f})")
