# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Objects of manifests: read from YAML, flattened into fields, found in the API."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from ..kube import Kube

Dict = dict[str, Any]
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
LONGEST = 200
HIDDEN = "(hidden)"
SERVERS = ("managedFields", "generation", "resourceVersion", "creationTimestamp", "uid", "selfLink")
"""What the API server keeps in metadata; of no interest to a plan."""


@dataclass(frozen=True, order=True)
class Key:
    """What tells objects apart: API version, kind, namespace (empty: none) and name."""

    api: str
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        place = f"{self.namespace}/" if self.namespace else ""
        return f"{self.kind.lower()} {place}{self.name}"


class Cluster:
    """Where objects are in a cluster's API, by its own account of its kinds."""

    def __init__(self, kube: Kube) -> None:
        self.kube = kube
        self._kinds: dict[str, dict[str, Dict]] = {}

    def _kind(self, api: str, kind: str) -> Dict | None:
        if api not in self._kinds:
            base = f"/apis/{api}" if "/" in api else f"/api/{api}"
            answer = self.kube.find(base) or {}
            self._kinds[api] = {
                item["kind"]: item
                for item in answer.get("resources", [])
                if "/" not in item["name"]
            }
        return self._kinds[api].get(kind)

    def key(self, item: Mapping[str, Any], namespace: str) -> Key:
        """Return an object's key; `namespace` is that of the release."""
        known = self._kind(item["apiVersion"], item["kind"])
        metadata = item["metadata"]
        place = metadata.get("namespace") or namespace
        if known and not known["namespaced"]:
            place = ""
        return Key(item["apiVersion"], item["kind"], place, metadata["name"])

    def path(self, key: Key) -> str | None:
        """Return the path of an object, None if the cluster doesn't know the kind."""
        known = self._kind(key.api, key.kind)
        if not known:
            return None
        base = f"/apis/{key.api}" if "/" in key.api else f"/api/{key.api}"
        place = f"/namespaces/{key.namespace}" if key.namespace else ""
        return f"{base}{place}/{known['name']}/{key.name}"


def parse(manifest: str) -> list[Dict]:
    """Return the objects of a manifest, those of lists, too."""
    found: list[Dict] = []
    for item in yaml.load_all(manifest, Loader=LOADER):
        if isinstance(item, dict):
            found += item["items"] if item.get("kind") == "List" else [item]
    return found


def comparable(item: Mapping[str, Any]) -> Dict:
    """Return an object without what only the server writes."""
    metadata = {k: v for k, v in (item.get("metadata") or {}).items() if k not in SERVERS}
    return {**{k: v for k, v in item.items() if k != "status"}, "metadata": metadata}


def fields(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object's fields by name: spec.template.spec.containers[web].image -> value."""
    return dict(_leaves(item, ""))


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and (key := key_of(value)):
        for inner in value:
            yield from _leaves(inner, f"{path}[{inner[key]}]")
    elif value not in (None, {}, []):
        yield path, value


def key_of(items: list[Any]) -> str:
    """Return the field by which the items of a list are told apart, empty: by their place only."""
    for key in ("name", "mountPath", "containerPort", "port", "ip", "type", "topologyKey"):
        names = [item.get(key) for item in items if isinstance(item, Mapping)]
        if len(names) == len(items) and all(names) and len(set(names)) == len(names):
            return key
    return ""


def shown(key: Key, field: str, value: Any) -> str:
    """Return a value as a diff may show it: nothing of a Secret, of a long text its beginning."""
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    mark = hashlib.sha256(text.encode()).hexdigest()[:8]
    if key.kind == "Secret" and field.split(".")[0] in ("data", "stringData"):
        return HIDDEN
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}... ({len(text)} characters, {mark})"
