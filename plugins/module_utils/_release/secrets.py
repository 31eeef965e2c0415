# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What the Secrets of the backend and of its migration hold, in base64."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from .._plan.unknown import UNKNOWN


def backend(
    secrets: Mapping[str, Mapping[str, str]],
    names: Sequence[str],
    values: Sequence[str],
    extra: Mapping[str, Any],
) -> dict[str, str]:
    """Return the data of the backend's Secret.

    A secret that a role is still to write stands as unknown, in a plan. An optional one is left
    out.

    Args:
        secrets: by variable: the secret's name, and the role that writes it.
        names: secrets that are there.
        values: theirs, in the same order.
        extra: further variables and their values.
    """
    stored = dict(zip(names, values, strict=True))
    data = {}
    for variable, secret in secrets.items():
        name = secret["name"]
        if name in stored:
            data[variable] = _login(name, stored[name])
        elif secret["role"]:
            data[variable] = UNKNOWN
    data.update({variable: str(value) for variable, value in extra.items()})
    return {variable: _encoded(value) for variable, value in data.items()}


def _login(name: str, value: str) -> str:
    """Return a secret's value as the backend takes it: Milvus's logins are user:password."""
    if name == "milvus-app-login":
        login = json.loads(value)
        return f"{login['username']}:{login['password']}"
    if name == "milvus-token" and ":" not in value:
        return f"root:{value}"
    return value


def owner(url: str, login: Mapping[str, str]) -> dict[str, str]:
    """Return the data of the migration's Secret.

    Args:
        url: address of the database with the application's login.
        login: the owner's, `username` and `password`.
    """
    user = ":".join(quote(login[key], safe="") for key in ("username", "password"))
    address = url.split("@", 1)[1]
    return {
        "APPLICATION_DATABASE_URL": _encoded(url),
        "DATABASE_URL": _encoded(f"postgresql://{user}@{address}"),
    }


def _encoded(value: str) -> str:
    return base64.b64encode(value.encode()).decode()
