"""Requests and answers of AWS's query protocol, as ministack's services see them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import escape

Parameters = dict[str, Any]
Response = tuple[int, dict[str, str], bytes]
Action = Callable[[Parameters], Response]


def one(parameters: Parameters, name: str) -> str:
    """A parameter's single value; empty when it is not there."""
    value = parameters.get(name, "")
    return str(value[0] if isinstance(value, list) else value)


def listed(parameters: Parameters, prefix: str) -> list[str]:
    """The values of a list parameter (`<prefix>.member.1`, ...), in order."""
    names = [name for name in parameters if name.startswith(f"{prefix}.member.")]
    names.sort(key=lambda name: int(name.rsplit(".", 1)[1]))
    return [one(parameters, name) for name in names]


def numbered(parameters: Parameters, prefix: str) -> list[str]:
    """The values of a list parameter in EC2's way (`<prefix>.1`, ...), in order."""
    found: list[str] = []
    while value := one(parameters, f"{prefix}.{len(found) + 1}"):
        found.append(value)
    return found


def markup(value: Any) -> str:
    """A value in EC2's XML: a mapping's keys are tags, each element of a list is an item."""
    if isinstance(value, dict):
        return "".join(f"<{key}>{markup(inner)}</{key}>" for key, inner in value.items())
    if isinstance(value, list):
        return "".join(f"<item>{markup(inner)}</item>" for inner in value)
    return escape(str(value).lower() if isinstance(value, bool) else str(value))
