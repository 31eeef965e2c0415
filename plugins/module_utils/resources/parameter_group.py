# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Parameter groups of RDS and ElastiCache: the same thing under two sets of names."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .. import datastore, ownership
from ..reconcile import Api, Plan, tag_list

BATCH = 20
"""Parameters that AWS takes in one call."""


@dataclass(frozen=True)
class Kind:
    """How a service names its parameter groups.

    Args:
        prefix: with which its names begin, DB or Cache.
        arn: the field of a described group that holds its ARN.
        items: the argument that takes parameters.
        item: a parameter in that argument, of name, value and whether it is static; the value
            is None for a reset.
    """

    prefix: str
    arn: str
    items: str
    item: Callable[[str, str | None, bool], dict[str, str]]

    @property
    def low(self) -> str:
        """The prefix as in the names of operations."""
        return self.prefix.lower()

    @property
    def key(self) -> str:
        """The argument that names a group."""
        return f"{self.prefix}ParameterGroupName"

    @property
    def busy(self) -> tuple[str, ...]:
        """Error codes for a group that is in use or being changed."""
        state = f"Invalid{self.prefix}ParameterGroupState"
        return (state, f"{state}Fault")

    @property
    def missing(self) -> tuple[str, ...]:
        """Error codes for a group that is not there."""
        absent = f"{self.prefix}ParameterGroupNotFound"
        return (absent, f"{absent}Fault")


def db_item(name: str, value: str | None, static: bool) -> dict[str, str]:
    """Return a parameter of RDS; AWS refuses to apply a static one before a reboot."""
    given = {} if value is None else {"ParameterValue": value}
    method = "pending-reboot" if static else "immediate"
    return {"ParameterName": name, **given, "ApplyMethod": method}


# Called as db_item is.
def cache_item(name: str, value: str | None, static: bool) -> dict[str, str]:  # noqa: ARG001
    """Return a parameter of ElastiCache, which decides itself when it applies."""
    return {"ParameterName": name, "ParameterValue": value or ""}


DB = Kind("DB", "DBParameterGroupArn", "Parameters", db_item)
CACHE = Kind("Cache", "ARN", "ParameterNameValues", cache_item)


def listed(api: Api, kind: Kind) -> dict[str, dict[str, Any]]:
    """Return the parameter groups of the account and region by name."""
    groups = api.pages(
        f"describe_{kind.low}_parameter_groups",
        f"{kind.prefix}ParameterGroups" if kind is DB else "CacheParameterGroups",
        "parameter groups",
    )
    return {str(group[kind.key]): group for group in groups}


def ensure(
    api: Api,
    plan: Plan,
    kind: Kind,
    group: Mapping[str, Any],
    family: str,
    tags: Mapping[str, Any],
    found: Mapping[str, Any] | None,
) -> None:
    """Make a group whose changed parameters are exactly the given ones.

    Args:
        group: name and parameters.
        family: as AWS calls it, such as postgres15 or redis7.
        found: the group as AWS describes it; None if there is none.

    Raises:
        AwsError: a group of this name belongs to another family.
    """
    name = str(group["name"])
    label = f"{kind.low} parameter group {name}"
    values = {key: str(value) for key, value in group["parameters"].items()}
    wanted: datastore.State = {
        "family": family,
        "parameters": values,
        "tags": datastore.text_tags(tags),
    }
    if found is None:
        plan.record(label, None, wanted)
        api.write(
            f"create_{kind.low}_parameter_group",
            label,
            datastore.made_already(f"{kind.prefix}ParameterGroup"),
            **{kind.key: name, f"{kind.prefix}ParameterGroupFamily": family},
            Description=f"Parameters of {name}",
            Tags=tag_list(wanted["tags"]),
        )
        known = {} if api.check_mode else parameters(api, kind, label, name)
    else:
        known = parameters(api, kind, label, name)
        before: datastore.State = {
            "family": found[f"{kind.prefix}ParameterGroupFamily"],
            "parameters": current_values(known, values),
            "tags": datastore.read_tags(api, label, found[kind.arn], tags),
        }
        remedy = "Give the group another name, because AWS cannot change the family of a group."
        datastore.refuse_unchangeable(label, before, wanted, {"family": remedy})
        plan.record(label, before, wanted)
        datastore.write_tags(api, label, found[kind.arn], before["tags"], wanted["tags"])
    _set(api, kind, label, name, known, values)


def refuse_others(
    api: Api, kind: Kind, name: str, found: Mapping[str, Any] | None, tags: Mapping[str, str]
) -> None:
    """Refuse a group that is somebody else's, before anything is sent.

    Args:
        found: the group as AWS describes it; None if there is none.

    Raises:
        AwsError: it is not ours.
    """
    if found is not None:
        datastore.read_tags(api, f"{kind.low} parameter group {name}", found[kind.arn], tags)


def parameters(api: Api, kind: Kind, label: str, name: str) -> dict[str, dict[str, Any]]:
    """Return a group's parameters by name, as AWS describes them."""
    operation = f"describe_{kind.low}_parameters"
    items = api.pages(operation, "Parameters", label, **{kind.key: name})
    return {str(item["ParameterName"]): item for item in items}


def current_values(
    known: Mapping[str, Mapping[str, Any]], wanted: Mapping[str, str]
) -> dict[str, str]:
    """Return the values of parameters that are wanted or that somebody has set."""
    return {
        name: str(item["ParameterValue"])
        for name, item in known.items()
        if "ParameterValue" in item and (name in wanted or item.get("Source") == "user")
    }


def _set(
    api: Api,
    kind: Kind,
    label: str,
    name: str,
    known: Mapping[str, Mapping[str, Any]],
    wanted: Mapping[str, str],
) -> None:
    current = current_values(known, wanted)
    changes = {key: value for key, value in wanted.items() if current.get(key) != value}
    resets: dict[str, str | None] = {key: None for key in current if key not in wanted}
    _send(api, kind, label, name, "modify", known, changes)
    _send(api, kind, label, name, "reset", known, resets)


def _send(
    api: Api,
    kind: Kind,
    label: str,
    name: str,
    verb: str,
    known: Mapping[str, Mapping[str, Any]],
    values: Mapping[str, str | None],
) -> None:
    items = [
        kind.item(key, value, known.get(key, {}).get("ApplyType") == "static")
        for key, value in sorted(values.items())
    ]
    for start in range(0, len(items), BATCH):
        datastore.write_when_free(
            api,
            label,
            f"{verb}_{kind.low}_parameter_group",
            {kind.key: name, kind.items: items[start : start + BATCH]},
            busy=kind.busy,
        )


def retire(
    api: Api,
    plan: Plan,
    kind: Kind,
    groups: Mapping[str, Any],
    pattern: str,
    used: set[str],
    tags: Mapping[str, Any],
) -> None:
    """Delete groups of ours that nothing uses any more, such as those of a former version.

    Args:
        groups: the account's groups by name.
        pattern: how our groups for this resource are called.
        used: those that stay.
        tags: those that say which are ours; others of such a name stay, too.
    """
    for name in sorted(groups):
        if name in used or re.fullmatch(pattern, name) is None:
            continue
        label = f"{kind.low} parameter group {name}"
        current = datastore.tags_of(api, label, groups[name][kind.arn], kind.missing)
        if not ownership.is_ours(current or {}, tags):
            continue
        plan.record(label, {"name": name}, None)
        datastore.write_when_free(
            api,
            label,
            f"delete_{kind.low}_parameter_group",
            {kind.key: name},
            busy=kind.busy,
            missing=kind.missing,
        )
