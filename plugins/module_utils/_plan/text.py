# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""A plan as text: a table of rows, and totals per component. No colours: it may go to a file."""

from __future__ import annotations

from collections.abc import Sequence

from .rows import Row

ACTIONS = ("create", "change", "delete")
SHOWN = 4
"""How many fields of a row the table names; the others are counted."""


def fields_of(row: Row) -> str:
    """Return the fields as the table shows them."""
    more = len(row.fields) - SHOWN
    return ", ".join(row.fields[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def aligned(lines: Sequence[Sequence[str]]) -> list[str]:
    """Return rows of cells as text in columns; the last column is not padded."""
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]


def counts(rows: Sequence[Row]) -> dict[str, dict[str, int]]:
    """Return how many resources each component creates, changes and deletes."""
    totals: dict[str, dict[str, int]] = {}
    for row in rows:
        totals.setdefault(row.component, dict.fromkeys(ACTIONS, 0))[row.action] += 1
    return totals


def table(rows: Sequence[Row]) -> list[str]:
    """Return the rows as a table; nothing if there is none."""
    if not rows:
        return []
    cells: list[Sequence[str]] = [("component", "resource", "action", "fields")]
    cells += [(row.component, row.resource, row.action, fields_of(row)) for row in rows]
    return aligned(cells)


def totals(rows: Sequence[Row]) -> list[str]:
    """Return the totals per component, and of all if there are several."""
    if not rows:
        return []
    by_component = counts(rows)
    cells: list[Sequence[str]] = [("component", *ACTIONS)]
    cells += [
        (component, *(str(count[action]) for action in ACTIONS))
        for component, count in by_component.items()
    ]
    if len(by_component) > 1:
        sums = (sum(count[action] for count in by_component.values()) for action in ACTIONS)
        cells.append(("all", *map(str, sums)))
    return aligned(cells)
