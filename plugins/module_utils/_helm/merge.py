# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""An object of the cluster, changed to what a chart says and nothing else.

What the chart names is set, what it named before and no longer does is removed, what kubectl added
is removed, and what the server and controllers set stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .byhand import added, without
from .objects import key_of

Dict = dict[str, Any]
ABSENT: Any = object()


def merged(live: Dict, old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> Dict:
    """Return the object as it shall be.

    Args:
        live: as it is.
        old: as the chart said before, None if it didn't.
        new: as the chart says.
    """
    cleaned = without(live, added(live, new))
    return _mapping(cleaned, old or {}, new)


def _mapping(live: Mapping[str, Any], old: Any, new: Mapping[str, Any]) -> Dict:
    before = old if isinstance(old, Mapping) else {}
    kept = {k: v for k, v in live.items() if k in new or k not in before}
    done = {k: _value(live.get(k, ABSENT), before.get(k), v) for k, v in new.items()}
    # An empty field of a chart stands for none.
    return {**kept, **{k: v for k, v in done.items() if v is not None}}


def _value(live: Any, old: Any, new: Any) -> Any:
    if isinstance(new, Mapping) and isinstance(live, Mapping):
        return _mapping(live, old, new)
    if isinstance(new, list) and isinstance(live, list):
        return _list(live, old if isinstance(old, list) else [], new)
    return new


def _list(live: list[Any], old: list[Any], new: list[Any]) -> list[Any]:
    """Items that have names are changed one by one; another list is a value of its own."""
    key = key_of(new)
    if not key or any(not isinstance(item, Mapping) or key not in item for item in live):
        return new
    there, before, wanted = ({item.get(key): item for item in items} for items in (live, old, new))
    done = [_value(there.get(n, ABSENT), before.get(n), item) for n, item in wanted.items()]
    return [*done, *(x for n, x in there.items() if n not in wanted and n not in before)]
