# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Keeps the values of Secrets out of log lines and messages.

An application may print what it was given: its whole environment, or an address with a password.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from .model import Dict

HIDDEN = "(hidden)"
SHORTEST = 4
"""Shorter values are no secrets, and hiding each `1` would leave nothing to read."""


def secrets_of_pod(pod: Mapping[str, Any]) -> set[str]:
    """Return the names of the Secrets that a pod refers to."""
    spec = pod["spec"]
    names: set[str | None] = set()
    for container in [*spec.get("initContainers", []), *spec["containers"]]:
        for source in container.get("envFrom") or []:
            names.add((source.get("secretRef") or {}).get("name"))
        for variable in container.get("env") or []:
            reference = (variable.get("valueFrom") or {}).get("secretKeyRef") or {}
            names.add(reference.get("name"))
    for volume in spec.get("volumes") or []:
        names.add((volume.get("secret") or {}).get("secretName"))
        for source in (volume.get("projected") or {}).get("sources") or []:
            names.add((source.get("secret") or {}).get("name"))
    return {name for name in names if name}


def values_of(secret: Mapping[str, Any]) -> set[str]:
    """Return all texts in which values of a Secret may be met."""
    found: set[str] = set()
    for encoded in (secret.get("data") or {}).values():
        found |= {encoded, encoded.rstrip("=")}
        try:
            text = base64.b64decode(encoded).decode()
        except (binascii.Error, UnicodeDecodeError):
            continue
        found |= _parts(text)
    return {value for value in found if len(value) >= SHORTEST}


def _parts(text: str) -> set[str]:
    """Return a value, its lines, what it holds as JSON, and the password of an address."""
    found = {text, text.strip(), *(line.strip() for line in text.splitlines())}
    for address in (text, *text.split()):
        found |= _passwords(address)
    with contextlib.suppress(ValueError):  # most are no JSON
        found |= set(_leaves(json.loads(text)))
    return found | {quote(value, safe="") for value in found} | {repr(v)[1:-1] for v in found}


def _passwords(address: str) -> set[str]:
    try:
        parts = urlsplit(address)
        password = parts.password
    except ValueError:
        return set()
    if not password:
        return set()
    return {password, unquote(password), f"{parts.username}:{password}"}


def _leaves(value: Any) -> Iterable[str]:
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    elif isinstance(value, str):
        yield value


def mask(text: str, values: Iterable[str]) -> str:
    """Return the text without the values, the longest first."""
    for value in sorted(values, key=len, reverse=True):
        text = text.replace(value, HIDDEN)
    return text


def values_of_all(secrets: Iterable[Dict]) -> set[str]:
    """Return all texts to hide for several Secrets."""
    found: set[str] = set()
    for secret in secrets:
        found |= values_of(secret)
    return found
