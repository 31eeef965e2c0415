# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What people look up of a platform: lines to print, and variables for a shell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Outputs:
    """What is told of one component.

    lines: by label; None where there is nothing yet.
    summary: the same in short, for the end of a rollout.
    variables: by the name that a shell gets; None where there is nothing yet.
    """

    lines: Mapping[str, str | None] = field(default_factory=dict)
    summary: Mapping[str, str | None] = field(default_factory=dict)
    variables: Mapping[str, Any] = field(default_factory=dict)


def together(every: Iterable[Outputs]) -> dict[str, dict[str, Any]]:
    """Return the outputs of all components, in their order, as a module returns them."""
    found = list(every)
    return {
        "lines": {label: text for each in found for label, text in each.lines.items()},
        "summary": {label: text for each in found for label, text in each.summary.items()},
        "variables": {name: value for each in found for name, value in each.variables.items()},
    }


def address(found: Mapping[str, Any], rest: str = "") -> str | None:
    """Return host and port of a shape with these, and what follows; None without a host."""
    return f"{found['endpoint']}:{found['port']}{rest}" if found["endpoint"] else None
