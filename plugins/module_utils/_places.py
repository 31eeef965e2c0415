# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Where things of Kubernetes are: namespace and name, as kubectl takes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def of(
    things: Iterable[Mapping[str, Any]], name: str = "name", labels: Mapping[str, str] | None = None
) -> list[str]:
    """Return namespace/name of each.

    Args:
        things: metadata of objects, or anything with a namespace and a name.
        name: field of the name.
        labels: that they must carry.
    """
    wanted = labels or {}
    return [
        f"{thing['namespace']}/{thing[name]}"
        for thing in things
        if all((thing.get("labels") or {}).get(key) == wanted[key] for key in wanted)
    ]
