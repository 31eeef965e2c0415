"""A call to AWS with its parameters in one flat mapping, whatever its protocol."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote


@dataclass(frozen=True)
class Call:
    """What is called. parameters: `Tags.member.1.Key` or `vpcConfig.subnetIds.1`, by its protocol;
    path: parts of a REST path.
    """

    service: str
    region: str
    account: str
    parameters: dict[str, str] = field(default_factory=dict)
    path: tuple[str, ...] = ()

    def one(self, *names: str) -> str:
        """The value of the first of these parameters that is there."""
        return next((self.parameters[name] for name in names if self.parameters.get(name)), "")

    def many(self, *names: str) -> list[str]:
        """The values of parameters, and of lists of these names, whatever lies in between."""
        starts = tuple(f"{name}." for name in names)
        return [
            value
            for name, value in self.parameters.items()
            if value and (name in names or name.startswith(starts))
        ]

    @property
    def tags(self) -> dict[str, str]:
        """The tags that the call gives, but those of EC2 that are for a type of resources."""
        pairs = {
            name.rpartition(".")[0]: value
            for name, value in self.parameters.items()
            if name.rpartition(".")[2] in ("Key", "TagKey", "key")
            and name.split(".")[0] in ("Tags", "Tag", "tags")
        }
        found = {
            key: self.one(*(f"{place}.{end}" for end in ("Value", "TagValue", "value")))
            for place, key in pairs.items()
        }
        if not found and self.service in ("eks", "logs"):
            found = {
                name.partition(".")[2]: value
                for name, value in self.parameters.items()
                if name.startswith("tags.")
            }
        return found

    @property
    def specified(self) -> dict[str, dict[str, str]]:
        """EC2's tags by the type of resource that they are for."""
        found: dict[str, dict[str, str]] = {}
        number = 1
        while kind := self.one(f"TagSpecification.{number}.ResourceType"):
            tags = found.setdefault(kind, {})
            index = 1
            prefix = f"TagSpecification.{number}.Tag"
            while key := self.one(f"{prefix}.{index}.Key"):
                tags[key] = self.one(f"{prefix}.{index}.Value")
                index += 1
            number += 1
        return found


def parse(
    service: str, path: str, body: bytes, query: dict[str, Any], region: str, account: str
) -> Call:
    """Take a request apart."""
    parameters = {
        name: str(value[0] if isinstance(value, list) and value else value)
        for name, value in query.items()
    }
    if body[:1] == b"{":
        with contextlib.suppress(ValueError):  # the service says so
            parameters |= dict(_flat(json.loads(body)))
    if service == "s3":
        parameters |= dict(_of_markup(body.decode("utf-8", errors="replace")))
    if service == "route53":
        parameters |= dict(_of_changes(body.decode("utf-8", errors="replace")))
    parts = tuple(unquote(part) for part in path.split("/") if part)
    return Call(service, region, account, parameters, parts)


def _of_markup(body: str) -> Iterator[tuple[str, str]]:
    """The tags and the role in S3's XML."""
    tags = re.findall(r"<Tag>\s*<Key>(.*?)</Key>\s*<Value>(.*?)</Value>", body, re.DOTALL)
    for number, (key, value) in enumerate(tags, start=1):
        yield f"Tags.{number}.Key", key
        yield f"Tags.{number}.Value", value
    if role := re.search(r"<Role>(.*?)</Role>", body):
        yield "Role", role.group(1)


def _of_changes(body: str) -> Iterator[tuple[str, str]]:
    """Action, type and name of each change in a batch of Route 53's."""
    changes = re.findall(
        r"<Action>(.*?)</Action>\s*<ResourceRecordSet>\s*<Name>(.*?)</Name>\s*<Type>(.*?)</Type>",
        body,
        re.DOTALL,
    )
    for number, (action, name, kind) in enumerate(changes, start=1):
        yield f"ChangeActions.{number}", action
        # Normalized: in lower case, without the last dot.
        yield f"ChangeNames.{number}", name.lower().rstrip(".")
        yield f"ChangeTypes.{number}", kind


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(inner, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list):
        for number, inner in enumerate(value, start=1):
            yield from _flat(inner, f"{name}.{number}")
    elif value is not None:
        yield name, str(value).lower() if isinstance(value, bool) else str(value)
