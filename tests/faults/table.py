"""The table that a run prints: points tried, converged, duplicates, leaks."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Row:
    """One line of the table. injected: faults that were injected; failures: what went wrong."""

    name: str
    tried: int = 0
    converged: int = 0
    injected: int = 0
    failures: list[str] = field(default_factory=list)

    def passed(self) -> None:
        """Count a point after which all was as if nothing had been."""
        self.tried += 1
        self.converged += 1

    def failed(self, why: str) -> None:
        """Count a point after which it was not."""
        self.tried += 1
        self.failures.append(why)

    @property
    def leaks(self) -> int:
        """Points after which destroy left something."""
        return sum("after destroy: too many: {'" in why for why in self.failures)

    @property
    def duplicates(self) -> int:
        """Points after which there was more than an undisturbed run makes."""
        return sum("too many: {'" in why for why in self.failures) - self.leaks


@dataclass
class Table:
    """Rows by what was done."""

    rows: dict[str, Row] = field(default_factory=dict)

    def row(self, name: str) -> Row:
        """The row of this name."""
        return self.rows.setdefault(name, Row(name))

    def text(self) -> str:
        """As it is printed."""
        head = f"{'':32}{'tried':>7}{'converged':>11}{'duplicates':>12}{'leaks':>7}{'faults':>8}"
        lines = [
            f"{row.name:32}{row.tried:7}{row.converged:11}{row.duplicates:12}{row.leaks:7}"
            f"{row.injected or '':>8}"
            for row in self.rows.values()
        ]
        why = [f"  {row.name}: {failure}" for row in self.rows.values() for failure in row.failures]
        return "\n".join([head, *lines, *why])
