# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""How the secrets are found, and what a destroy can leave of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._platform.outputs import Outputs
from .._platform.scope import Connect, Scope, key_of
from .._sweep.item import ENDING, Item, reason
from ..aws import Dict, call, collect, tag_dict
from ..component import Component

SECRETS = (
    "database-url",
    "database-login",
    "database-app-login",
    "redis-url",
    "redis-auth-token",
    "openai-api-key",
    "milvus-token",
    "milvus-app-login",
    "api-key",
    "api-key-previous",
)
"""What the platform itself keeps below <platform>/."""


def read(connect: Connect, scope: Scope) -> list[Dict]:
    """Descriptions (never values) of the secrets under <name>/ which carry our tags.

    What others wait for is asked for by name: ListSecrets may be five minutes behind.
    """
    connection = connect("secretsmanager")
    known = [f"{scope.name}/{what}" for what in SECRETS]
    asked = [_described(connection, name) for name in known]
    found = collect(
        connection,
        "list_secrets",
        "SecretList",
        f"secrets under {scope.name}/",
        Filters=[{"Key": "name", "Values": [f"{scope.name}/"]}],
    )
    # The filter is a prefix of words, not of characters.
    listed = [
        secret
        for secret in found
        if secret["Name"].startswith(f"{scope.name}/") and secret["Name"] not in known
    ]
    return [
        secret
        for secret in [*filter(None, asked), *listed]
        if scope.owns(tag_dict(secret.get("Tags")))
    ]


def _described(connection: Any, name: str) -> Dict | None:
    """A secret as it is now; None without one, or when it is scheduled for deletion."""
    missing = ("ResourceNotFoundException",)
    about = f"secret {name}"
    found = call(connection, "describe_secret", about, missing=missing, SecretId=name)
    return None if found is None or "DeletedDate" in found else found


def shape(raw: list[Dict], name: str) -> dict[str, str | None]:
    """ARNs by key: <name>/database-url is database_url."""
    found: dict[str, str | None] = dict.fromkeys(what.replace("-", "_") for what in SECRETS)
    found.update({key_of(secret["Name"], f"{name}/"): secret["ARN"] for secret in raw})
    return found


def outputs(found: Mapping[str, str | None]) -> Outputs:
    """What people look up of the secrets: their ARNs."""
    told = ("database_url", "redis_url", "redis_auth_token", "milvus_token", "openai_api_key")
    return Outputs(
        lines={f"secret {name}": arn for name, arn in sorted(found.items()) if arn},
        variables={f"{name.upper()}_SECRET_ARN": found[name] for name in told},
    )


def leftovers(connect: Connect, scope: Scope) -> list[Item]:
    """Secrets under <name>/, also those which are scheduled for deletion."""
    prefix = f"{scope.name}/"
    connection = connect("secretsmanager")
    listed = collect(
        connection,
        "list_secrets",
        "SecretList",
        f"secrets under {prefix}",
        IncludePlannedDeletion=True,
        Filters=[{"Key": "name", "Values": [prefix]}],
    )
    names = {item["Name"] for item in listed if item["Name"].startswith(prefix)}
    names |= {f"{prefix}{what}" for what in SECRETS}
    # The list may be five minutes behind: of what was deleted, and of what was made.
    missing = ("ResourceNotFoundException",)
    asked = [
        call(connection, "describe_secret", f"secret {name}", missing=missing, SecretId=name)
        for name in sorted(names)
    ]
    return [
        _secret(item, why)
        for item in asked
        if item and (why := reason(scope, tag_dict(item.get("Tags"))))
    ]


def _secret(item: Dict, why: str) -> Item:
    asked = item.get("DeletedDate")
    why = f"scheduled for deletion ({asked:%Y-%m-%d})" if asked else why
    return Item(
        "secrets",
        "secretsmanager",
        "secret",
        item["Name"],
        asked is None,
        why,
        data=True,
        state=ENDING if asked else "",
    )


COMPONENT = Component(
    "secrets",
    data=True,
    read=read,
    shape=shape,
    outputs=outputs,
    leftovers=(leftovers,),
    services=frozenset({"secretsmanager"}),
)
