# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""The options by which a module finds a cluster, and what is secret in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ACCESS: dict[str, Any] = {
    "kubeconfig": {"type": "raw"},
    "context": {"type": "str"},
}
"""Argument specification of the options by which a module reaches a cluster."""

SECRET_KEYS = frozenset(
    {"token", "password", "client-key-data", "id-token", "refresh-token", "client-secret"}
)


def secrets_of(kubeconfig: Any) -> set[str]:
    """Return the secret strings of a kubeconfig dictionary, for `no_log_values`."""
    found: set[str] = set()
    if isinstance(kubeconfig, Mapping):
        for key, value in kubeconfig.items():
            if key in SECRET_KEYS and isinstance(value, str) and value:
                found.add(value)
            else:
                found |= secrets_of(value)
    elif isinstance(kubeconfig, list):
        for item in kubeconfig:
            found |= secrets_of(item)
    return found
