# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What this module's process has changed in AWS so far, for the report of a run that fails.

A module that ends well reports its changes as a diff. One that fails in the middle has made
things, too, and whoever pays for them must be told.
"""

from __future__ import annotations

import re

_READS = re.compile(
    r"(assume|can|check|describe|decode|estimate|filter|generate|get|head|list|lookup|preview|query"
    r"|search|simulate|test|validate|verify)_"
)
_MAKES = re.compile(r"(allocate|copy|create|import|register|request|run|start)_")
_REMOVES = re.compile(r"(delete|deregister|release|terminate)_|schedule_key_deletion")

Change = dict[str, str]
_CHANGES: list[Change] = []


def note(operation: str, about: str) -> None:
    """Note a call that AWS has taken.

    Args:
        operation: as the client's method is called, for example create_subnet.
        about: the resource, as errors name it.
    """
    if _READS.match(operation):
        return
    makes, removes = _MAKES.match(operation), _REMOVES.match(operation)
    action = "create" if makes else "delete" if removes else "change"
    _CHANGES.append({"resource": about, "action": action, "operation": operation})


def changes() -> list[Change]:
    """Return what was changed, the first change of each resource and action, in order."""
    seen: dict[tuple[str, str], Change] = {}
    for change in _CHANGES:
        seen.setdefault((change["resource"], change["action"]), change)
    return list(seen.values())


def clear() -> None:
    """Forget everything: a process that runs several modules, as tests do, starts anew."""
    _CHANGES.clear()
