# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Whether inputs have the types that the argument specs say, before anything converts them.

Ansible validates a converted copy of a role's inputs, and the role's own expressions see what was
given: `-e x=false` is a text, which is true. So what is still of another type when preflight reads
it is refused, with how to write it. Callback `inputs` converts before that what it can without
loss (given.py).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jinja2 import Undefined, UndefinedError

Option = Mapping[str, Any]

_TEXTS = ("str", "path")
_NAMES = {bool: "yes or no", int: "a number", float: "a number with a fraction"}
_WANTED = {
    "bool": "true or false without quotes",
    "int": "a whole number without quotes",
    "float": "a number without quotes",
    "list": "a list",
    "dict": "a dictionary",
}

TEXTS_BY_NAME = frozenset(
    {
        "app_rollout_extra_secrets",
        "app_rollout_milvus_pod_labels",
        "cluster_addons_karpenter_node_pools.labels",
        "cluster_addons_metrics_clients.labels",
        "cluster_addons_namespaces.labels",
        "eks_node_groups.labels",
        "eks_spot_group.labels",
        "elasticache_parameters",
        "images_build_args",
        "images_labels",
        "milvus_clients.labels",
        "milvus_metrics_clients.labels",
        "milvus_node_selector",
        "milvus_service_account_annotations",
        "platform_extra_tags",
        "rds_parameters",
    }
)
"""Dictionaries whose keys and values are texts, which no argument spec can say: labels, tags,
parameters. By the path of the option, without the places in lists."""


def kind_of(value: Any) -> str:
    """Return what a value is, in words."""
    for kind, name in _NAMES.items():
        if type(value) is kind or (kind is not bool and isinstance(value, kind)):
            return name
    if isinstance(value, str):
        return "a text"
    if isinstance(value, Mapping):
        return "a dictionary"
    if isinstance(value, Sequence):
        return "a list"
    return "empty (null)" if value is None else f"a {type(value).__name__}"


def problems(option: Option, value: Any, place: str, path: str = "") -> Iterator[str]:
    """Yield what is wrong with the type of a value and of all that is in it.

    Args:
        option: of the argument spec.
        value: as the role would see it.
        place: how the value is called, with the places in lists: eks_node_groups[0].labels.
        path: the same without the places in lists; `place` if it is empty.
    """
    path = path or place
    kind = str(option.get("type", "str"))
    if isinstance(value, Undefined):
        yield f"{place} cannot be read: {_reason(value)}"
    elif value is None:
        yield f"{place} is empty (null). Give a value, or remove it to use the default."
    elif kind in _TEXTS:
        yield from _text(value, place)
    elif kind == "list":
        yield from _list(option, value, place, path)
    elif kind == "dict":
        yield from _dict(option, value, place, path)
    elif kind in _WANTED and not _is_a(kind, value):
        yield f"{place} is {value!r}, {kind_of(value)}: give {_WANTED[kind]}."


def readable(value: Any) -> bool:
    """Return whether a value and all that is in it can be read (see _reason)."""
    if isinstance(value, Mapping):
        return all(readable(item) for item in value.values())
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return all(readable(item) for item in value)
    return not isinstance(value, Undefined)


def _reason(value: Undefined) -> str:
    """Why there is no value: a template of what is not there, a vaulted text without password."""
    try:
        return str(value)
    except UndefinedError as error:
        return str(error.__cause__ or error)


def _is_a(kind: str, value: Any) -> bool:
    if kind == "bool":
        return isinstance(value, bool)
    numbers = (int,) if kind == "int" else (int, float)
    return isinstance(value, numbers) and not isinstance(value, bool)


def _text(value: Any, place: str) -> Iterator[str]:
    if isinstance(value, Undefined):
        yield f"{place} cannot be read: {_reason(value)}"
    elif not isinstance(value, str):
        # Its value would be another one than was written: 0123 is 83, 1.10 is 1.1, yes is True.
        yield (
            f"{place} is {kind_of(value)}, but must be a text. Write it in quotes, because YAML"
            " reads yes, 0123, 1.10 and dates as other types."
        )


def _list(option: Option, value: Any, place: str, path: str) -> Iterator[str]:
    if not isinstance(value, Sequence) or isinstance(value, str | bytes):
        yield f"{place} is {kind_of(value)}: give {_WANTED['list']}, such as [a, b]."
        return
    inner = {**option, "type": option.get("elements", "raw")}
    for number, item in enumerate(value):
        yield from problems(inner, item, f"{place}[{number}]", path)


def _dict(option: Option, value: Any, place: str, path: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield f"{place} is {kind_of(value)}: give {_WANTED['dict']}."
        return
    options: Mapping[str, Option] = option.get("options") or {}
    for key, item in value.items():
        where = f"{place}.{key}"
        if key in options:
            yield from problems(options[key], item, where, f"{path}.{key}")
        elif not isinstance(key, str) and (options or path in TEXTS_BY_NAME):
            yield f"{place} has the key {key!r}, {kind_of(key)}. Write it in quotes."
        elif path in TEXTS_BY_NAME:
            yield from _text(item, where)
        elif not options:
            yield from _free({key: item}, place)


def _finite(value: Any) -> bool:
    return not isinstance(value, float) or math.isfinite(value)


def _free(value: Any, place: str) -> Iterator[str]:
    """Values of charts and add-ons, policies: whatever JSON can say, since as such they go out."""
    if isinstance(value, Undefined):
        yield f"{place} cannot be read: {_reason(value)}"
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if not isinstance(key, str):
                yield f"{place} has the key {key!r}, {kind_of(key)}. Write it in quotes."
            yield from _free(item, f"{place}.{key}")
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        for number, item in enumerate(value):
            yield from _free(item, f"{place}[{number}]")
    elif not isinstance(value, str | int | float | None) or not _finite(value):
        yield (
            f"{place} is {value}, {kind_of(value)}, which JSON does not support. Write it in"
            " quotes."
        )
