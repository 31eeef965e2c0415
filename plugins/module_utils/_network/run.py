# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What all steps of one run over a network share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..aws import tag_dict
from ..ownership import IDENTITY, is_takeable
from ..reconcile import Api, Plan, missing_tags, tag_list
from .snapshot import Item, Snapshot


@dataclass
class Run:
    """What all steps of one run need. elb, classic_elb: APIs that only the removal uses."""

    api: Api
    plan: Plan
    seen: Snapshot
    options: dict[str, Any]
    elb: Api | None = None
    classic_elb: Api | None = None

    @property
    def name(self) -> str:
        """Return the network's name, the prefix of all its resources."""
        return str(self.options["name"])

    @property
    def cluster(self) -> str:
        """Return the name of the cluster whose controllers work in this network."""
        return str(self.options.get("cluster") or self.name)

    @property
    def timeout(self) -> float:
        """Return the seconds that one wait may take."""
        return float(self.options["wait_timeout"])

    def tags(self, name: str, extra: dict[str, str] | None = None) -> dict[str, str]:
        """Return the tags that a resource of this name must carry."""
        return {**self.options["tags"], **(extra or {}), "Name": name}

    def specification(self, kind: str, name: str, extra: dict[str, str] | None = None) -> Any:
        """Return TagSpecifications for a create call."""
        return [{"ResourceType": kind, "Tags": tag_list(self.tags(name, extra))}]

    def settle(
        self, label: str, item: Item, item_id: str, name: str, extra: dict[str, str] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Add the tags that an existing resource lacks; return (tags before, tags after)."""
        self.plan.identify(label, item_id)
        current = tag_dict(item.get("Tags"))
        wanted = self.tags(name, extra)
        missing = missing_tags(current, wanted)
        if missing:
            self.api.write("create_tags", label, Resources=[item_id], Tags=tag_list(missing))
        shown = {key: current[key] for key in wanted if key in current}
        return {"tags": shown}, {"tags": wanted}

    def find(
        self, operation: str, key: str, conditions: list[dict[str, Any]]
    ) -> dict[str, Any] | None:
        """Return {key: the first item} of a description, as the call that makes it answers."""
        found = self.api.read(operation, f"what there is of {self.name}", Filters=conditions)
        items = found[f"{key}es" if key.endswith("s") else f"{key}s"]
        return {key: items[0]} if items else None

    def own(self, items: list[Item], *further: str) -> list[Item]:
        """Return the items that carry the platform's identity, and our value of further tags."""
        tags = self.options["tags"]
        identity = {key: str(tags[key]) for key in (*IDENTITY, *further) if key in tags}
        return [item for item in items if identity.items() <= tag_dict(item.get("Tags")).items()]

    def takeable(self, items: list[Item]) -> list[Item]:
        """Return the items that are ours, also those that have lost a tag."""
        tags = self.options["tags"]
        return [item for item in items if is_takeable(tag_dict(item.get("Tags")), tags)]

    def gone(self, kind: str, item: Item, item_id: str) -> str:
        """Record a resource that is removed; return its label."""
        label = f"{kind} {tag_dict(item.get('Tags')).get('Name', item_id)}"
        self.plan.record(label, {"id": item_id}, None)
        return label
