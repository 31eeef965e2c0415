"""Which processes are the world's, seen from outside; safe against reused process ids."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from rehearsal.paths import Places


def started_at(pid: int) -> int | None:
    """When a process started (clock ticks since boot); None if there is none."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = text.rsplit(")", 1)[1].split()
    return None if fields[0] in "ZX" else int(fields[19])


@dataclass(frozen=True)
class Process:
    """A process id with its start, which tells it from a later one of the same id."""

    pid: int
    start: int

    @property
    def alive(self) -> bool:
        """Whether it is still that process."""
        return started_at(self.pid) == self.start

    @classmethod
    def of(cls, pid: int) -> Process | None:
        """The process that has this id now."""
        start = started_at(pid)
        return None if start is None else cls(pid, start)


@dataclass(frozen=True)
class Identity:
    """outer: unshare, outside the namespace. init: the first process inside it."""

    outer: Process
    init: Process

    @property
    def alive(self) -> bool:
        """Whether the namespace still has its first process."""
        return self.init.alive

    def write(self, places: Places) -> None:
        """Remember the world."""
        places.identity.write_text(json.dumps(asdict(self)))

    @classmethod
    def read(cls, places: Places) -> Identity | None:
        """The world that was started last, alive or not; None if there is none."""
        try:
            content = json.loads(places.identity.read_text())
            return cls(Process(**content["outer"]), Process(**content["init"]))
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None


def children(pid: int) -> list[int]:
    """The direct children of a process."""
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [int(child) for child in text.split()]


def first_process_below(outer: int) -> Process | None:
    """The child of `unshare` that is process 1 of its own namespace.

    Its first child may still be newuidmap, which has no namespace of its own.
    """
    for child in children(outer):
        try:
            status = Path(f"/proc/{child}/status").read_text()
        except OSError:
            continue
        line = next((line for line in status.splitlines() if line.startswith("NSpid:")), "")
        if len(line.split()) > 2 and line.split()[-1] == "1":
            return Process.of(child)
    return None
