# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""One kind of EC2's resources, as the components name theirs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Test = Callable[[Mapping[str, Any]], bool]


def always(_: Mapping[str, Any]) -> bool:
    """Hold for every resource."""
    return True


def never(_: Mapping[str, Any]) -> bool:
    """Hold for none."""
    return False


def state(*states: str) -> Test:
    """Return a test that holds for a resource in one of these states."""

    def holds(resource: Mapping[str, Any]) -> bool:
        found = resource.get("State")
        name = found.get("Name") if isinstance(found, Mapping) else found
        return str(name).lower() in states

    return holds


@dataclass(frozen=True)
class Kind:
    """How EC2 lists one kind of resource, and which of the listed ones count.

    id: the key of its id; over: whether it is gone, though AWS still lists it; billed: whether
    AWS bills it; vpc: whether it is also found by lying in the platform's VPC; data: whether it
    holds what users stored.
    """

    type: str
    operation: str
    key: str
    id: str
    billed: Test = never
    over: Test = never
    vpc: bool = False
    data: bool = False
    arguments: Mapping[str, Any] = field(default_factory=dict)
