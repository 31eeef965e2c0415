"""Kubernetes's selectors: of labels, of nodes, and what tolerates a taint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Labels = Mapping[str, str]


def selects(selector: Mapping[str, Any] | None, labels: Labels) -> bool:
    """Whether a LabelSelector takes labels; without one it takes nothing."""
    if selector is None:
        return False
    exact = selector.get("matchLabels") or {}
    return all(labels.get(key) == value for key, value in exact.items()) and all(
        meets(each, labels) for each in selector.get("matchExpressions") or []
    )


def meets(requirement: Mapping[str, Any], labels: Labels) -> bool:
    """Whether labels meet a requirement (key, operator, values)."""
    key, values = requirement["key"], requirement.get("values") or []
    has = labels.get(key)
    match requirement["operator"]:
        case "In":
            return has in values
        case "NotIn":
            return has not in values
        case "Exists":
            return has is not None
        case "DoesNotExist":
            return has is None
        case "Gt":
            return has is not None and has.lstrip("-").isdecimal() and int(has) > int(values[0])
        case "Lt":
            return has is not None and has.lstrip("-").isdecimal() and int(has) < int(values[0])
    raise ValueError(f"{requirement['operator']}: no operator of a selector")


def wants_node(pod: Mapping[str, Any], name: str, labels: Labels) -> bool:
    """Whether a pod's nodeSelector and required node affinity take a node."""
    spec = pod["spec"]
    if any(labels.get(key) != value for key, value in (spec.get("nodeSelector") or {}).items()):
        return False
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    return required is None or takes_node(required, name, labels)


def takes_node(selector: Mapping[str, Any], name: str, labels: Labels) -> bool:
    """Whether a NodeSelector takes a node: one of its terms, all of that one's requirements."""
    return any(
        all(meets(each, labels) for each in term.get("matchExpressions") or [])
        and all(meets(each, {"metadata.name": name}) for each in term.get("matchFields") or [])
        for term in selector["nodeSelectorTerms"]
        if term.get("matchExpressions") or term.get("matchFields")
    )


def tolerates(pod: Mapping[str, Any], taint: Mapping[str, Any]) -> bool:
    """Whether a pod tolerates a taint."""
    return any(
        each.get("key") in (None, "", taint["key"])
        and each.get("effect") in (None, "", taint["effect"])
        and (
            each.get("operator") == "Exists" or each.get("value", "") == (taint.get("value") or "")
        )
        for each in pod["spec"].get("tolerations") or []
        if each.get("key") or each.get("operator") == "Exists"
    )
