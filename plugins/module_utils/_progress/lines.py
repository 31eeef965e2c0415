# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Which lines to print of the waits that are going on, and when."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ..progress import Wait
from .usual import usual

FIRST = 10.0
"""Seconds after which a wait is told of."""
AGAIN = 30.0
"""Seconds between two lines of a wait, unless its state changes."""
SOONEST = 10.0
"""Seconds between two lines of a wait whose state changes all the time."""
FORGOTTEN = 120.0
"""Seconds after which a wait that nobody tells of any more was ended with its process."""


def read(folder: Path) -> Iterator[tuple[str, Wait]]:
    """Yield the waits that are told of in a folder, each with the name of its file."""
    for file in sorted(folder.glob("*.json")):
        # A wait may end, and its file go, at any moment.
        with contextlib.suppress(OSError, ValueError, TypeError):
            yield file.name, Wait(**json.loads(file.read_text()))


def duration(seconds: float) -> str:
    """Return seconds as people say them: 45 s, 4 min 30 s."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def line(wait: Wait) -> str:
    """Return the line about a wait."""
    often = usual(wait.about, wait.state)
    known = f"usually {often} min, " if often else ""
    limit = f"given up after {duration(wait.timeout)}"
    return f"waiting {duration(wait.waited)}: {wait.about}: {wait.state} ({known}{limit})"


@dataclass
class Printed:
    """When a wait was printed last, in its own seconds, and its state then."""

    waited: float
    state: str


@dataclass
class Waits:
    """What has been printed of the waits of a run."""

    printed: dict[str, Printed] = field(default_factory=dict)

    def due(self, waits: Iterator[tuple[str, Wait]], now: float) -> list[str]:
        """Return the lines that are due. now: seconds since the epoch."""
        lines = []
        going: dict[str, Printed] = {}
        for name, wait in waits:
            if now - wait.at > FORGOTTEN:
                continue
            before = self.printed.get(name)
            if self._is_due(wait, before):
                lines.append(line(wait))
                before = Printed(wait.waited, wait.state)
            if before is not None:
                going[name] = before
        self.printed = going
        return lines

    @staticmethod
    def _is_due(wait: Wait, before: Printed | None) -> bool:
        if before is None or wait.waited < before.waited:
            return wait.waited >= FIRST
        pause = AGAIN if wait.state == before.state else SOONEST
        return wait.waited - before.waited >= pause
