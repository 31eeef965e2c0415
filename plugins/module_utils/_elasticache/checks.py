# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Options of a replication group that AWS would refuse, and versions to which it may go."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from .. import datastore, datastore_windows
from ..aws import AwsError
from .fields import FIELDS

TOKEN = re.compile(r"[A-Za-z0-9!&#$^<>-]{16,128}")
BACK = (("valkey", "7.2"), ("redis", "7.1"))
"""The one way back that AWS has: from the first Valkey to the last Redis."""


def check(label: str, options: Mapping[str, Any]) -> None:
    """Refuse options that AWS refuses.

    Raises:
        AwsError: with the rule that is broken; never with the token.
    """
    datastore.check_name("replication_group_id", options["replication_group_id"], 40)
    FIELDS.check(options)
    if re.fullmatch(r"\d+(\.\d+){0,2}", options["engine_version"]) is None:
        raise AwsError(
            f"engine_version is {options['engine_version']!r}. Give a version such as 7.1."
        )
    if options["multi_az"] and options["replicas"] < 1:
        raise AwsError(f"{label}: multi_az needs at least one replica for failover.")
    _check_access(label, options)
    datastore_windows.check(
        options["snapshot_window"],
        options["maintenance_window"],
        backup_option="snapshot_window",
        shortest_backup=60,
        shortest_maintenance=60,
    )


def _check_access(label: str, options: Mapping[str, Any]) -> None:
    token, strategy = options["auth_token"], options["auth_token_update_strategy"]
    if token and options["user_group_id"]:
        raise AwsError(
            f"{label}: auth_token and user_group_id are both set, but AWS allows only"
            " one of them. Remove one."
        )
    if (token or options["user_group_id"]) and not options["encryption_in_transit"]:
        raise AwsError(f"{label}: auth_token and user_group_id need encryption_in_transit.")
    if token and TOKEN.fullmatch(token) is None:
        raise AwsError(
            f"{label}: auth_token must have 16 to 128 characters: letters, digits and !&#$^<>-, as"
            " AWS requires."
        )
    if strategy == "delete" and token:
        raise AwsError(
            f"{label}: auth_token_update_strategy delete does not allow auth_token."
            " Remove auth_token."
        )


def order(version: str) -> list[int]:
    """Return what versions are sorted by: major and minor, since releases come by themselves."""
    return [int(part) if part.isdigit() else 0 for part in version.split(".")][:2]


def family_of(engine: str, version: str) -> str:
    """Return the family of parameter groups: redis7 of redis 7.1, valkey8 of valkey 8.0."""
    major = version.split(".")[0]
    return "redis6.x" if (engine, major) == ("redis", "6") else f"{engine}{major}"


def refuse_way_back(label: str, current: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    """Refuse an older version, or an engine to which AWS does not change a group.

    Raises:
        AwsError: with what to do instead.
    """
    here = (str(current["engine"]), str(current["engine_version"]))
    there = (str(wanted["engine"]), str(wanted["engine_version"]))
    if here == there:
        return
    forward = here[0] == there[0] or there[0] == "valkey"
    if forward and order(there[1]) >= order(here[1]):
        return
    if (here[0], ".".join(here[1].split(".")[:2])) == BACK[0] and there == BACK[1]:
        return
    raise AwsError(
        f"{label} runs {here[0]} {here[1]}, which AWS cannot change back to {there[0]} {there[1]}"
        " (it can only change valkey 7.2 to redis 7.1). Keep the current version, or remove the"
        " group with a final snapshot, and restore a snapshot that the older version can read."
    )


def refuse_unknown_version(engine: str, wanted: str, offered: Iterable[str]) -> None:
    """Refuse a version that AWS does not offer.

    Raises:
        AwsError: with the list of those that it offers.
    """
    versions = sorted(set(offered), key=order)
    if not any(datastore.version_satisfies(version, wanted) for version in versions):
        listed = ", ".join(versions) or "nothing at all"
        raise AwsError(
            f"AWS offers no {engine} {wanted} in this region. It offers {listed}. Choose one of"
            " these."
        )
