"""Requests and answers of AWS's query protocol, as ministack's services see them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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
