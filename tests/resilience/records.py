"""What became of the requests while something changed, and the table of it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import quantiles
from typing import Any


@dataclass
class Row:
    """The requests on one way (Ingress, Service) from a change's beginning to its end."""

    change: str
    way: str
    seconds: float
    latencies: list[float]
    failures: Counter[str]
    last_failure: float = 0
    """Seconds from the change's beginning to the sending of the last request that failed."""

    @property
    def text(self) -> str:
        """A line of the table."""
        cuts = quantiles(self.latencies, n=20) if len(self.latencies) > 1 else [0.0] * 19
        cells = (
            f"{len(self.latencies):>8} {self.failures.total():>6} {cuts[9]:>7.0f} {cuts[18]:>7.0f}"
        )
        worst = max(self.latencies, default=0)
        causes = "; ".join(f"{cause} ({count})" for cause, count in self.failures.most_common(3))
        causes += f"; the last one after {self.last_failure:.0f} s" if causes else ""
        return (
            f"{self.change:<34} {self.way:<8} {self.seconds:>7.1f} {cells} {worst:>7.0f}  {causes}"
        )


@dataclass
class Table:
    """All rows of a run."""

    rows: list[Row] = field(default_factory=list)

    HEAD = (
        f"{'change':<34} {'way':<8} {'seconds':>7} {'requests':>8} {'failed':>6}"
        f" {'p50 ms':>7} {'p95 ms':>7} {'max ms':>7}"
    )

    def add(self, change: str, way: str, begin: float, end: float, lines: Iterable[str]) -> Row:
        """The requests that were sent between two times, as a row."""
        taken = [line for line in map(parse, lines) if line and begin <= line["at"] <= end]
        failed = [
            line
            for line in taken
            if not (isinstance(line["outcome"], int) and line["outcome"] < 400)
        ]
        row = Row(
            change,
            way,
            end - begin,
            [line["ms"] for line in taken],
            Counter(str(line["outcome"]) for line in failed),
            max((line["at"] - begin for line in failed), default=0),
        )
        self.rows.append(row)
        return row


def parse(line: str) -> dict[str, Any] | None:
    """A line of load.py; None for one that is still being written."""
    try:
        found: dict[str, Any] = json.loads(line)
    except ValueError:
        return None
    return found
