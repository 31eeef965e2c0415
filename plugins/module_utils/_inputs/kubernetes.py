# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What Kubernetes takes as names, labels and taints (its API conventions)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_WORD = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")
_OWN_NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")
_RESERVED = ("kubernetes.io", "k8s.io", "eks.amazonaws.com")
"""Domains whose labels EKS lets nobody give to a node group's nodes."""
_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_DOMAIN = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")


def namespace_problems(option: str, value: str) -> Iterator[str]:
    """Yield why a namespace can't have this name."""
    if _NAME.fullmatch(value) is None:
        yield (
            f"{option} is '{value[:70]}', which is not a valid name of a namespace. Use lower-case"
            " letters, digits and dashes, at most 63."
        )
    elif value in _OWN_NAMESPACES:
        yield (
            f"{option} is '{value}', which belongs to Kubernetes. The rules of the platform would"
            " block traffic that others need there. Choose a namespace for the platform alone."
        )


def label_problems(where: str, labels: Mapping[str, str]) -> Iterator[str]:
    """Yield which labels Kubernetes refuses. where: of what they are."""
    for key, value in labels.items():
        yield from _key(f"{where}: label '{key[:80]}'", key)
        if value and _WORD.fullmatch(value) is None:
            yield f"{where}: label {key[:80]} has the value '{value[:80]}': {_RULE}."


def node_label_problems(where: str, labels: Mapping[str, str]) -> Iterator[str]:
    """Yield which labels EKS refuses for the nodes of a group. where: of what they are."""
    yield from label_problems(where, labels)
    for key in labels:
        domain = key.rpartition("/")[0]
        if any(domain == own or domain.endswith(f".{own}") for own in _RESERVED):
            yield (
                f"{where}: label '{key[:80]}' is of {domain}, and EKS does not accept labels of"
                f" {', '.join(_RESERVED)}. Choose your own domain."
            )


def toleration_problems(option: str, tolerations: list[Mapping[str, Any]]) -> Iterator[str]:
    """Yield which tolerations a pod can't have. option: where they are given."""
    for number, each in enumerate(tolerations):
        where = f"{option}[{number}]"
        for name in ("key", "operator", "value", "effect"):
            if not isinstance(each.get(name, ""), str):
                yield f"{where}.{name} is {each[name]!r}. Give a text, in quotes."
        if each.get("operator", "Equal") not in ("Equal", "Exists"):
            yield f"{where}.operator is '{each['operator']}': Kubernetes has Equal and Exists."
        elif each.get("operator") == "Exists" and each.get("value"):
            yield f"{where}: operator Exists does not allow a value."
        if each.get("effect", "") not in ("", *_EFFECTS):
            yield f"{where}.effect is '{each['effect']}': Kubernetes has {', '.join(_EFFECTS)}."
        if strange := sorted(each.keys() - {"key", "operator", "value", "effect", _SECONDS}):
            yield f"{where} has {', '.join(strange)}, which is not a field of a toleration."


_SECONDS = "tolerationSeconds"


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
        yield f"{where}: {_RULE}, after an optional domain and /."
