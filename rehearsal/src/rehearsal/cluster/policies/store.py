"""What the engine knows: the objects of the API, and which pod has which address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rehearsal.cluster.policies.rules import Labels, Leave, Pod, leaves

Manifest = Mapping[str, Any]

PODS, NAMESPACES, POLICIES = (
    "/api/v1/pods",
    "/api/v1/namespaces",
    "/apis/networking.k8s.io/v1/networkpolicies",
)
"""What is watched, by the API's paths."""


@dataclass(frozen=True)
class Facts:
    """What policies look at in a pod."""

    namespace: str
    name: str
    labels: Labels
    ports: tuple[tuple[str, str, int], ...]


@dataclass
class Endpoint:
    """A pod at its address, from CNI's ADD to its DEL. facts: the last that the API said."""

    node: str
    address: str
    container: str
    uid: str
    facts: Facts


@dataclass
class Store:
    """The state. Every change returns whether rules may be others now. Not for two threads."""

    objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    endpoints: dict[str, Endpoint] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether all kinds have been read."""
        return len(self.objects) == 3

    def replace(self, path: str, items: list[Manifest]) -> bool:
        """All objects of a kind."""
        found = dict(_reduced(path, item) for item in items)
        changed = self.objects.get(path) != found
        self.objects[path] = found
        return self._refreshed() or changed

    def change(self, path: str, event: str, item: Manifest) -> bool:
        """One object was ADDED, MODIFIED or DELETED."""
        key, value = _reduced(path, item)
        known = self.objects[path]
        before = known.get(key)
        if event == "DELETED":
            known.pop(key, None)
            # A pod's address stays its own until CNI takes it away.
            return path != PODS
        known[key] = value
        return (path != PODS and before != value) or self._refreshed()

    def _refreshed(self) -> bool:
        """Give endpoints the newest facts of their pods."""
        changed = False
        for endpoint in self.endpoints.values():
            facts = self.objects.get(PODS, {}).get(endpoint.uid, endpoint.facts)
            changed = changed or facts != endpoint.facts
            endpoint.facts = facts
        return changed

    def pod(self, uid: str) -> Facts | None:
        """A pod of the API."""
        found: Facts | None = self.objects.get(PODS, {}).get(uid)
        return found

    def attach(self, endpoint: Endpoint) -> None:
        """A pod has an address; who had it before has it no more."""
        self.endpoints[endpoint.address] = endpoint

    def detach(self, container: str) -> bool:
        """A pod's network was taken away."""
        return self._forget(lambda each: each.container == container)

    def lose(self, node: str) -> bool:
        """A node is no more, and so is what ran on it."""
        return self._forget(lambda each: each.node == node)

    def _forget(self, which: Any) -> bool:
        gone = [address for address, each in self.endpoints.items() if which(each)]
        for address in gone:
            del self.endpoints[address]
        return bool(gone)

    def pods(self) -> list[Pod]:
        """All pods that have addresses."""
        return [
            Pod(e.facts.namespace, e.facts.name, e.node, e.address, e.facts.labels, e.facts.ports)
            for e in sorted(self.endpoints.values(), key=lambda each: each.address)
        ]

    def leaves(self) -> dict[str, dict[str, Leave]]:
        """What each pod may do: node -> address -> leave. {} until all kinds have been read."""
        found: dict[str, dict[str, Leave]] = {}
        if self.complete:
            pods = self.pods()
            allowed = leaves(pods, self.objects[NAMESPACES], self.objects[POLICIES].values())
            for pod in pods:
                found.setdefault(pod.node, {})[pod.address] = allowed[pod.address]
        return found


def _reduced(path: str, item: Manifest) -> tuple[str, Any]:
    """An object's key, and what of it matters."""
    metadata = item["metadata"]
    if path == NAMESPACES:
        return metadata["name"], metadata.get("labels") or {}
    if path == POLICIES:
        name = {"namespace": metadata["namespace"], "name": metadata["name"]}
        return f"{name['namespace']}/{name['name']}", {"metadata": name, "spec": item["spec"]}
    return metadata["uid"], Facts(
        metadata["namespace"], metadata["name"], metadata.get("labels") or {}, _ports(item["spec"])
    )


def _ports(spec: Manifest) -> tuple[tuple[str, str, int], ...]:
    """Named ports, of init containers that stay (sidecars) too."""
    containers = [*spec["containers"], *(spec.get("initContainers") or [])]
    return tuple(
        (port["name"], port.get("protocol") or "TCP", port["containerPort"])
        for container in containers
        for port in container.get("ports") or []
        if port.get("name")
    )
