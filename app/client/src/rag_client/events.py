"""Server-sent events."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Event:
    """An event of an answer: `sources`, `delta`, `citation`, `done` or `error`, with its data."""

    name: str
    data: dict[str, Any]


def events(lines: Iterable[str]) -> Iterator[Event]:
    """The events in the lines of a response; comments are left out."""
    name, data = "message", ""
    for line in lines:
        field, _colon, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line:
            if data:
                yield Event(name, json.loads(data))
            name, data = "message", ""
        elif field == "event":
            name = value
        elif field == "data":
            data += value
