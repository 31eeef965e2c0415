"""Which groups grow for which pods, and which nodes are not needed. Pure functions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rehearsal.autoscaler.quantities import share
from rehearsal.autoscaler.scene import Place, Pod, Scene
from rehearsal.autoscaler.selectors import selects
from rehearsal.autoscaler.settings import Settings

SAFE = "cluster-autoscaler.kubernetes.io/safe-to-evict"
KEEP = "cluster-autoscaler.kubernetes.io/scale-down-disabled"
OF_A_ZONE = (
    "eks.amazonaws.com/nodegroup",
    "topology.ebs.csi.aws.com/zone",
    "topology.kubernetes.io/zone",
)
"""Labels in which groups may differ that are alike otherwise."""
FULL = "max node group size reached"


@dataclass(frozen=True)
class Group:
    """A node group. template: a node that it would start, without pods."""

    name: str
    node_group: str
    smallest: int
    largest: int
    desired: int
    instances: frozenset[str]
    template: Place


@dataclass
class Growth:
    """more: group -> nodes; by: pods that make one grow, with its name; hopeless: with the text."""

    more: Counter[str] = field(default_factory=Counter)
    by: list[tuple[Pod, str]] = field(default_factory=list)
    hopeless: list[tuple[Pod, str]] = field(default_factory=list)


def growth(
    scene: Scene, waiting: Iterable[Pod], groups: list[Group], balance: bool = False
) -> Growth:
    """Find a group for each pod that no node takes, as few nodes as a first fit needs.

    The scene's nodes take pods meanwhile, those on their way among them. balance: of groups that
    differ in nothing but their zone the smallest grows.
    """
    found = Growth()
    for pod in waiting:
        if place := scene.place_for(pod):
            place.pods.append(pod)
            continue
        reasons: Counter[str] = Counter()
        for group in balanced(groups, found.more) if balance else groups:
            fresh = another(group, found.more[group.name])
            if group.desired + found.more[group.name] >= group.largest:
                reasons[FULL] += 1
            elif reason := scene.refusal(pod, fresh):
                reasons[reason] += 1
            else:
                fresh.pods.append(pod)
                scene.places.append(fresh)
                found.more[group.name] += 1
                found.by.append((pod, group.name))
                break
        else:
            said = ", ".join(f"{number} {reason}" for reason, number in sorted(reasons.items()))
            text = f"pod didn't trigger scale-up: {said or 'there is no node group'}"
            found.hopeless.append((pod, text))
    return found


def balanced(groups: list[Group], more: Mapping[str, int]) -> list[Group]:
    """The groups, those that are alike beside each other and the smallest of them first."""
    first = {likeness(group): place for place, group in reversed(list(enumerate(groups)))}
    return sorted(
        groups, key=lambda each: (first[likeness(each)], each.desired + more.get(each.name, 0))
    )


def likeness(group: Group) -> str:
    """What groups have in common between which nodes are balanced."""
    template = group.template
    labels = {key: value for key, value in template.labels.items() if key not in OF_A_ZONE}
    return repr((sorted(labels.items()), template.taints, sorted(template.room.items())))


def another(group: Group, number: int) -> Place:
    """One more node of a group, by a name of its own."""
    template = group.template
    name = f"{group.name}-{group.desired + number}"
    labels = {**template.labels, "kubernetes.io/hostname": name}
    return Place(name, labels, template.taints, template.room)


def unneeded(
    scene: Scene,
    place: Place,
    node: Mapping[str, Any],
    budgets: Iterable[Mapping[str, Any]],
    settings: Settings,
) -> bool:
    """Whether a node is hardly used, and all that runs on it may go and has a place elsewhere."""
    if (node["metadata"].get("annotations") or {}).get(KEEP) == "true":
        return False
    if share(place.used, place.room) >= settings.threshold:
        return False
    rest, budgets = scene.without(place), list(budgets)
    for pod in place.pods:
        if stays_with_node(pod):
            continue
        if not may_move(pod, budgets, settings):
            return False
        other = rest.place_for(pod)
        if other is None:
            return False
        other.pods.append(pod)
    return True


def stays_with_node(pod: Pod) -> bool:
    """Whether a pod is its node's, and ends with it."""
    owners = pod["metadata"].get("ownerReferences") or []
    return any(owner["kind"] in ("DaemonSet", "Node") for owner in owners)


def may_move(pod: Pod, budgets: Iterable[Mapping[str, Any]], settings: Settings) -> bool:
    """Whether a pod may be evicted."""
    metadata, spec = pod["metadata"], pod["spec"]
    safe = (metadata.get("annotations") or {}).get(SAFE)
    mine = [
        each
        for each in budgets
        if each["metadata"]["namespace"] == metadata["namespace"]
        and selects(each["spec"].get("selector"), metadata.get("labels") or {})
    ]
    if any(each.get("status", {}).get("disruptionsAllowed", 0) < 1 for each in mine):
        return False
    if safe is not None:
        return bool(safe == "true")
    if not any(owner.get("controller") for owner in metadata.get("ownerReferences") or []):
        return False
    if metadata["namespace"] == "kube-system" and settings.keep_system_pods and not mine:
        return False
    local = any("emptyDir" in each or "hostPath" in each for each in spec.get("volumes") or [])
    return not (local and settings.keep_local_storage)
