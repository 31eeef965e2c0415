"""Changes by hand, by service: the tests of modules and tests/drift make them as written here."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from support.emulator import Aws

NAME = "{name}"
"""Stands for the name of what is changed: the platform, or a bucket, repository, secret, role."""
WHOLE = ["whole"]
"""The fields of a resource that comes or goes."""

Make = Callable[[Aws, str], object]


def filled(value: Any, name: str) -> Any:
    """The same with a name in place of NAME."""
    return json.loads(json.dumps(value).replace(NAME, name))


def call(service: str, operation: str, **arguments: Any) -> Make:
    """One call of AWS."""
    return lambda aws, name: getattr(aws.client(service), operation)(**filled(arguments, name))


@dataclass(frozen=True)
class Drift:
    """A change by hand.

    what: in plain words; make: does it; differing: fields by resource, as the module's diff names
    them; repair: the calls that a test expects of the repair.
    """

    what: str
    make: Make
    differing: dict[str, list[str]]
    repair: tuple[str, ...] = ()

    def on(self, name: str) -> Callable[[Aws], object]:
        """The change of what has this name."""
        return lambda aws: self.make(aws, name)

    def planned(self, name: str) -> dict[str, list[str]]:
        """What a plan must say of it, neither more nor less."""
        found: dict[str, list[str]] = filled(self.differing, name)
        return found


def named(what: str, *tables: list[Drift]) -> Drift:
    """The drift of that name, which stands in the tables once."""
    (found,) = (drift for table in tables for drift in table if drift.what == what)
    return found
