"""Lists as AWS gives them while it has yet to spread some of their items."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from typing import Any
from xml.etree import ElementTree

from rehearsal.aws.spread.kinds import EC2_LISTS, KINDS, Kind


def kind_listed(service: str, action: str, path: str) -> Kind | None:
    """The kind of which an operation lists all."""
    for kind in KINDS:
        noun = kind.made.removeprefix("Create").removeprefix("Request")
        plural = f"{noun[:-1]}ies" if noun.endswith("cy") or noun.endswith("ory") else f"{noun}s"
        plural = f"{noun}es" if noun.endswith("s") else plural
        operations = (f"List{plural}", f"Describe{plural}")
        if kind.service == "s3" and (service, action, path) == ("s3", "GET", "/"):
            return kind
        if kind.service == service and action in operations:
            return kind
    return None


def items_of(action: str, body: bytes) -> list[tuple[str, str, bool]]:
    """(id, VPC, whether AWS made it with the VPC) of what a description of EC2 shows."""
    tag = EC2_LISTS.get(action)
    if tag is None:
        return []
    found = []
    for element in ElementTree.fromstring(body).iter():  # noqa: S314 - our own emulator wrote it
        fields = {child.tag.rpartition("}")[2]: child for child in element}
        if tag in fields and "vpcId" in fields:
            main = any(
                each.tag.rpartition("}")[2] == "main" and each.text == "true"
                for each in element.iter()
            )
            own = main or getattr(fields.get("groupName"), "text", "") == "default"
            found.append((fields[tag].text or "", fields["vpcId"].text or "", own))
    return found


def without(body: bytes, tag: str, hidden: Collection[str]) -> bytes:
    """An XML list without the items whose `tag` is one of the hidden."""
    root = ElementTree.fromstring(body)  # noqa: S314 - our own emulator wrote it
    if root.tag.startswith("{"):
        ElementTree.register_namespace("", root.tag[1:].partition("}")[0])
    for parent in list(root.iter()):
        for child in list(parent):
            names = [each.text for each in child if each.tag.rpartition("}")[2] == tag]
            if any(name in hidden for name in names):
                parent.remove(child)
    return ElementTree.tostring(root)


def without_names(body: bytes, key: str, hidden: Callable[[str], bool]) -> bytes:
    """A JSON list without the items that are hidden: objects by their `key`, or bare names."""
    content = json.loads(body or b"{}")

    def shown(name: str, item: Any) -> bool:
        if isinstance(item, dict):
            return not hidden(str(item.get(key, "")))
        return name != key or not hidden(str(item))

    for name, value in content.items():
        if isinstance(value, list):
            content[name] = [item for item in value if shown(name, item)]
    return json.dumps(content).encode()
