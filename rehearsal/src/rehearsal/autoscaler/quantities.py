"""What pods ask for and nodes have: resource -> number (cores, bytes, pieces)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

Amounts = dict[str, float]

SCALES = {
    "n": 1e-9,
    "u": 1e-6,
    "m": 1e-3,
    "": 1.0,
    **{unit: 1000.0**power for power, unit in enumerate("kMGTPE", start=1)},
    **{f"{unit}i": 1024.0**power for power, unit in enumerate("KMGTPE", start=1)},
}


def quantity(text: object) -> float:
    """A quantity of Kubernetes as a number, such as 250m or 1.5Gi."""
    match = re.fullmatch(r"([-+]?[\d.]+(?:[eE][-+]?\d+)?)([a-zA-Z]*)", str(text))
    if match is None or match[2] not in SCALES:
        raise ValueError(f"{text}: no quantity such as 250m or 1.5Gi")
    return float(match[1]) * SCALES[match[2]]


def amounts(texts: Mapping[str, Any] | None) -> Amounts:
    """Quantities as numbers."""
    return {name: quantity(text) for name, text in (texts or {}).items()}


def total(parts: Iterable[Amounts]) -> Amounts:
    """All parts together."""
    found: Amounts = {}
    for part in parts:
        for name, number in part.items():
            found[name] = found.get(name, 0.0) + number
    return found


def requested(pod: Mapping[str, Any]) -> Amounts:
    """What a pod asks for: its containers and sidecars together, or its largest init container."""
    spec = pod["spec"]
    first = spec.get("initContainers") or []
    sidecars = [each for each in first if each.get("restartPolicy") == "Always"]
    found = total(_asked(each) for each in [*spec["containers"], *sidecars])
    for each in first:
        for name, number in _asked(each).items():
            found[name] = max(found.get(name, 0.0), number)
    return total([found, amounts(spec.get("overhead")), {"pods": 1.0}])


def share(part: Amounts, whole: Amounts) -> float:
    """The larger share of a whole, of CPU and memory."""
    return max(part.get(name, 0.0) / whole[name] for name in ("cpu", "memory"))


def _asked(container: Mapping[str, Any]) -> Amounts:
    return amounts((container.get("resources") or {}).get("requests"))
