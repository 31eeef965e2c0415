# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What Kubernetes takes as names, labels and taints (its API conventions)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_WORD = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")
_DOMAIN = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")


def namespace_problems(option: str, value: str) -> Iterator[str]:
    """Yield why a namespace can't have this name."""
    if _NAME.fullmatch(value) is None:
        yield (
            f"{option} is '{value[:70]}', which no namespace can be called: use lower-case "
            "letters, digits and dashes, at most 63."
        )


def label_problems(where: str, labels: Mapping[str, str]) -> Iterator[str]:
    """Yield which labels Kubernetes refuses. where: of what they are."""
    for key, value in labels.items():
        yield from _key(f"{where}: label '{key[:80]}'", key)
        if value and _WORD.fullmatch(value) is None:
            yield f"{where}: label {key[:80]} has the value '{value[:80]}': {_RULE}."


def taint_problems(where: str, taints: list[Mapping[str, Any]]) -> Iterator[str]:
    """Yield which taints Kubernetes refuses. where: of what they are."""
    for taint in taints:
        key, value = str(taint.get("key", "")), str(taint.get("value") or "")
        yield from _key(f"{where}: taint '{key[:80]}'", key)
        if value and _WORD.fullmatch(value) is None:
            yield f"{where}: taint {key[:80]} has the value '{value[:80]}': {_RULE}."


_RULE = "use letters, digits and - _ . between them, at most 63"


def _key(where: str, key: str) -> Iterator[str]:
    prefix, slash, name = key.rpartition("/")
    if _WORD.fullmatch(name) is None or (slash and _DOMAIN.fullmatch(prefix) is None):
        yield f"{where}: {_RULE}; a domain and / may stand before it."
