"""What is tried, and the table of it."""

from __future__ import annotations

import os
from typing import Any

import pytest

ROWS: list[str] = []


def pytest_addoption(parser: pytest.Parser) -> None:
    """How late an account sees, and how much of the platform is made."""
    group = parser.getgroup("consistency")
    group.addoption(
        "--reads",
        default=os.environ.get("CONSISTENCY_READS", ""),
        help="calls that don't see a change yet, as 1,2,5 (default: $CONSISTENCY_READS, or none)",
    )
    group.addoption(
        "--phases",
        default="foundation,data,identity",
        help="phases of the platform (default: foundation,data,identity)",
    )


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the table."""
    if ROWS:
        terminalreporter.section("an account that sees its changes late")
        head = f"{'reads':>6}{'site':>7}{'again':>7}{'destroy':>9}{'again':>7}{'refused':>9}"
        terminalreporter.write_line(f"{head}{'late':>6}{'secured':>9}  as with reads=0")
        for row in ROWS:
            terminalreporter.write_line(row)


@pytest.fixture
def rows() -> list[str]:
    """The table's lines."""
    return ROWS
