"""The cluster as a scheduler sees it: would a pod fit on a node, and what speaks against it?

Known are requests, selectors and affinity of nodes, taints, affinity and anti-affinity of pods,
topology spread that must be kept, and where volumes are. Ports of the node are not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from rehearsal.autoscaler.quantities import Amounts, requested, total
from rehearsal.autoscaler.selectors import selects, takes_node, tolerates, wants_node

Pod = Mapping[str, Any]

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
HARD = ("NoSchedule", "NoExecute")


@dataclass(eq=False)
class Place:
    """A node: one that is there, one that is on its way, or one that might be."""

    name: str
    labels: Mapping[str, str]
    taints: list[Mapping[str, Any]]
    room: Amounts
    pods: list[Pod] = field(default_factory=list)

    @property
    def used(self) -> Amounts:
        """What its pods ask for."""
        return total(requested(pod) for pod in self.pods)


@dataclass(eq=False)
class Scene:
    """places: all nodes; namespaces: name -> labels; volumes: namespace/claim -> its volume."""

    places: list[Place]
    namespaces: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    volumes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def without(self, place: Place) -> Scene:
        """A copy in which a node is not there; pods that are put into it stay in the copy."""
        places = [
            Place(each.name, each.labels, each.taints, each.room, list(each.pods))
            for each in self.places
            if each is not place
        ]
        return Scene(places, self.namespaces, self.volumes)

    def place_for(self, pod: Pod) -> Place | None:
        """The first node that takes a pod."""
        return next((each for each in self.places if not self.refusal(pod, each)), None)

    def refusal(self, pod: Pod, place: Place) -> str:
        """Why a node does not take a pod, in the scheduler's words; empty when it does."""
        if not wants_node(pod, place.name, place.labels):
            return "node(s) didn't match Pod's node affinity/selector"
        for taint in place.taints:
            if taint["effect"] in HARD and not tolerates(pod, taint):
                return f"node(s) had untolerated taint {{{taint['key']}: {taint.get('value', '')}}}"
        used = place.used
        for name, number in requested(pod).items():
            if number and number > place.room.get(name, 0.0) - used.get(name, 0.0) + 1e-9:
                return "Too many pods" if name == "pods" else f"Insufficient {name}"
        if not self._reaches_volumes(pod, place):
            return "node(s) didn't match PersistentVolume's node affinity"
        if self._repelled(pod, place):
            return "node(s) didn't match pod anti-affinity rules"
        if not self._attracted(pod, place):
            return "node(s) didn't match pod affinity rules"
        if self._skewed(pod, place):
            return "node(s) didn't match pod topology spread constraints"
        return ""

    def _reaches_volumes(self, pod: Pod, place: Place) -> bool:
        for volume in pod["spec"].get("volumes") or []:
            claim = (volume.get("persistentVolumeClaim") or {}).get("claimName")
            found = self.volumes.get(f"{pod['metadata']['namespace']}/{claim}", {})
            required = (found.get("spec", {}).get("nodeAffinity") or {}).get("required")
            if required and not takes_node(required, place.name, place.labels):
                return False
        return True

    def _repelled(self, pod: Pod, place: Place) -> bool:
        for term in terms(pod, "podAntiAffinity"):
            if any(self._takes(term, pod, each) for each in self._near(place, term)):
                return True
        return any(
            self._takes(term, each, pod) and same(place, other, term["topologyKey"])
            for other in self.places
            for each in other.pods
            for term in terms(each, "podAntiAffinity")
        )

    def _attracted(self, pod: Pod, place: Place) -> bool:
        for term in terms(pod, "podAffinity"):
            if any(self._takes(term, pod, each) for each in self._near(place, term)):
                continue
            everywhere = (each for other in self.places for each in other.pods)
            # The first of those that want each other's company may go anywhere.
            alone = not any(self._takes(term, pod, each) for each in everywhere)
            if not (alone and self._takes(term, pod, pod) and term["topologyKey"] in place.labels):
                return False
        return True

    def _near(self, place: Place, term: Mapping[str, Any]) -> Iterator[Pod]:
        """Pods in the same domain as a node, which need not be among the places."""
        key = term["topologyKey"]
        for other in [*self.places, *([] if place in self.places else [place])]:
            if same(place, other, key):
                yield from other.pods

    def _takes(self, term: Mapping[str, Any], owner: Pod, other: Pod) -> bool:
        """Whether a term of a pod's affinity is about another pod."""
        namespace = other["metadata"]["namespace"]
        names, chosen = term.get("namespaces") or [], term.get("namespaceSelector")
        if not names and chosen is None:
            names = [owner["metadata"]["namespace"]]
        if namespace not in names and not selects(chosen, self.namespaces.get(namespace, {})):
            return False
        return selects(term.get("labelSelector"), other["metadata"].get("labels") or {})

    def _skewed(self, pod: Pod, place: Place) -> bool:
        for rule in pod["spec"].get("topologySpreadConstraints") or []:
            if rule["whenUnsatisfiable"] != "DoNotSchedule":
                continue
            key, own = rule["topologyKey"], pod["metadata"].get("labels") or {}
            if key not in place.labels:
                return True
            counts = {place.labels[key]: 0}
            for other in self.places:
                if key in other.labels and wants_node(pod, other.name, other.labels):
                    there = sum(counted(each, pod, rule) for each in other.pods)
                    domain = other.labels[key]
                    counts[domain] = counts.get(domain, 0) + there
            least = 0 if len(counts) < rule.get("minDomains", 1) else min(counts.values())
            added = selects(rule.get("labelSelector"), own)
            if counts[place.labels[key]] + added - least > rule["maxSkew"]:
                return True
        return False


def terms(pod: Pod, kind: str) -> list[Mapping[str, Any]]:
    """Required terms of a pod's affinity or anti-affinity."""
    return ((pod["spec"].get("affinity") or {}).get(kind) or {}).get(REQUIRED) or []


def same(place: Place, other: Place, key: str) -> bool:
    """Whether two nodes are in the same domain."""
    return key in place.labels and place.labels[key] == other.labels.get(key)


def counted(other: Pod, pod: Pod, rule: Mapping[str, Any]) -> bool:
    """Whether a pod counts for another one's spread."""
    labels, own = other["metadata"].get("labels") or {}, pod["metadata"].get("labels") or {}
    return (
        other["metadata"]["namespace"] == pod["metadata"]["namespace"]
        and "deletionTimestamp" not in other["metadata"]
        and selects(rule.get("labelSelector"), labels)
        and all(labels.get(key) == own.get(key) for key in rule.get("matchLabelKeys") or [])
    )
