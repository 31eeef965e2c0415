# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What somebody has added to an object with kubectl beside what the chart says.

Helm compares the fields of the chart only, so an added variable or container stays for ever. The
API server knows who set each field: `managedFields`.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from typing import Any

Dict = dict[str, Any]
Path = tuple[str | int, ...]
ROOTS = ("spec", "data", "rules")
"""Labels and annotations of the object itself are people's own; its content is the chart's."""

KEPT = ("kubectl.kubernetes.io/restartedAt",)
"""Of `kubectl rollout restart`, which is no drift."""

ABSENT = object()


def added(live: Mapping[str, Any], manifest: Mapping[str, Any]) -> list[Path]:
    """Return the paths of what kubectl added, in an order in which they can be removed."""
    found: set[Path] = set()
    for entry in live["metadata"].get("managedFields") or []:
        # Scaling by hand is a subresource, and the autoscaler's to correct.
        if not entry["manager"].startswith("kubectl") or entry.get("subresource"):
            continue
        for root in ROOTS:
            owned = (entry.get("fieldsV1") or {}).get(f"f:{root}")
            if owned is not None:
                here = manifest.get(root, ABSENT)
                found |= set(_walk(owned, live.get(root), here, (root,)))
    # From the end of each list, so that the others keep their places.
    return sorted(found, key=lambda path: [(isinstance(p, int), p) for p in path], reverse=True)


def _walk(owned: Mapping[str, Any], live: Any, wanted: Any, path: Path) -> Iterator[Path]:
    """Yield the outermost paths that are owned, there, and not in the manifest."""
    for key, inner in owned.items():
        step = _step(key, live)
        if key == "." or step is None or step in KEPT:
            continue
        below = _inside(wanted, key, step)
        # Of annotations and labels each is looked at alone, since some are kept.
        whole = not inner or ("." in inner and step not in ("annotations", "labels"))
        if below is ABSENT and whole:
            yield (*path, step)
        else:
            yield from _walk(inner, live[step], below, (*path, step))


def _step(key: str, live: Any) -> str | int | None:
    """Return the name or the place that a key of fieldsV1 stands for in an object."""
    kind, _, name = key.partition(":")
    if kind == "f":
        return name if isinstance(live, Mapping) and name in live else None
    if not isinstance(live, list) or kind not in ("k", "v"):
        return None
    sought = json.loads(name)
    for place, item in enumerate(live):
        if _is(item, sought, kind):
            return place
    return None


def _is(item: Any, sought: Any, kind: str) -> bool:
    if kind == "v":
        return bool(item == sought)
    # Ports are told apart by number and protocol, and the chart may leave the latter out.
    defaults = {"protocol": "TCP"}
    return isinstance(item, Mapping) and all(
        item.get(key, defaults.get(key)) == value for key, value in sought.items()
    )


def _inside(wanted: Any, key: str, step: str | int) -> Any:
    if wanted is ABSENT:
        return ABSENT
    if isinstance(step, str):
        return wanted.get(step, ABSENT) if isinstance(wanted, Mapping) else ABSENT
    place = _step(key, wanted)
    return ABSENT if place is None else wanted[place]


def without(item: Dict, paths: list[Path]) -> Dict:
    """Return a copy of an object without what is at the paths, which are in order of removal."""
    copied = copy.deepcopy(item)
    for path in paths:
        here: Any = copied
        for step in path[:-1]:
            here = here[step]
        del here[path[-1]]
    return copied
