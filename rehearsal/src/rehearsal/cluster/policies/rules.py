"""What NetworkPolicies let each pod do: a pure function of pods, namespaces and policies.

As https://kubernetes.io/docs/concepts/services-networking/network-policies says: a pod that
no policy selects for a direction is open in it; policies add up; a connection needs the
leave of its source's egress and of its target's ingress.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Manifest = Mapping[str, Any]
Labels = Mapping[str, str]

LAST_PORT = 65535


@dataclass(frozen=True, order=True)
class Ports:
    """Ports `first` to `last` (both included) of a protocol: TCP, UDP or SCTP."""

    protocol: str
    first: int
    last: int


@dataclass(frozen=True)
class Pod:
    """A pod with an address of its own. ports: (name, protocol, number) of its containers."""

    namespace: str
    name: str
    node: str
    address: str
    labels: Labels
    ports: tuple[tuple[str, str, int], ...] = ()

    def named(self, name: str, protocol: str) -> list[int]:
        """Numbers of the ports with this name."""
        return [number for n, p, number in self.ports if (n, p) == (name, protocol)]


@dataclass(frozen=True)
class Rule:
    """Connections that are let through.

    networks: with whom (CIDRs and addresses), None with anybody; excepted: but for these;
    ports: the target's, None any port of any protocol.
    """

    networks: tuple[str, ...] | None
    excepted: tuple[str, ...] = ()
    ports: tuple[Ports, ...] | None = None


@dataclass(frozen=True)
class Leave:
    """What a pod may do. None: no policy selects it for this direction, so all."""

    ingress: tuple[Rule, ...] | None = None
    egress: tuple[Rule, ...] | None = None


OPEN = Leave()


@dataclass(frozen=True)
class Peer:
    """One entry of `from` or `to`, looked up. pods: None when it is a block of addresses."""

    pods: tuple[Pod, ...] | None
    networks: tuple[str, ...] | None
    excepted: tuple[str, ...] = ()


def leaves(
    pods: Sequence[Pod], namespaces: Mapping[str, Labels], policies: Iterable[Manifest]
) -> dict[str, Leave]:
    """What each pod may do, by its address. namespaces: name -> labels."""
    found: dict[str, dict[str, list[Rule]]] = {pod.address: {} for pod in pods}
    for policy in policies:
        spec, namespace = policy["spec"], policy["metadata"]["namespace"]
        selected = [
            pod
            for pod in pods
            if pod.namespace == namespace and matches(spec.get("podSelector"), pod.labels)
        ]
        for direction in directions(spec):
            for pod in selected:
                allowed = found[pod.address].setdefault(direction, [])
                for rule in spec.get(direction) or []:
                    peers = peers_of(rule, direction, namespace, pods, namespaces)
                    allowed += rules(direction, pod, peers, rule.get("ports"), pods)
    return {
        address: Leave(_tuple(each.get("ingress")), _tuple(each.get("egress")))
        for address, each in found.items()
    }


def _tuple(found: list[Rule] | None) -> tuple[Rule, ...] | None:
    return None if found is None else tuple(dict.fromkeys(found))


def directions(spec: Manifest) -> list[str]:
    """`ingress`, `egress` or both; left open, egress counts when the policy speaks of it."""
    default = ["Ingress", *(["Egress"] if spec.get("egress") else [])]
    return [each.lower() for each in spec.get("policyTypes") or default]


def matches(selector: Manifest | None, labels: Labels) -> bool:
    """Whether a label selector matches; an empty one matches everything."""
    selector = selector or {}
    wanted = selector.get("matchLabels") or {}
    return all(labels.get(key) == value for key, value in wanted.items()) and all(
        _expression(each, labels) for each in selector.get("matchExpressions") or []
    )


def _expression(expression: Manifest, labels: Labels) -> bool:
    value = labels.get(expression["key"])
    values = expression.get("values") or []
    operators: dict[str, Callable[[], bool]] = {
        "In": lambda: value in values,
        "NotIn": lambda: value not in values,
        "Exists": lambda: value is not None,
        "DoesNotExist": lambda: value is None,
    }
    return operators[expression["operator"]]()


def peers_of(
    rule: Manifest,
    direction: str,
    namespace: str,
    pods: Sequence[Pod],
    namespaces: Mapping[str, Labels],
) -> list[Peer]:
    """With whom a rule lets connections be; without an entry that is anybody."""
    entries = rule.get("from" if direction == "ingress" else "to")
    if not entries:
        return [Peer(pods=None, networks=None)]
    return [_peer(entry, namespace, pods, namespaces) for entry in entries]


def _peer(
    entry: Manifest, namespace: str, pods: Sequence[Pod], namespaces: Mapping[str, Labels]
) -> Peer:
    if block := entry.get("ipBlock"):
        return _block(block)
    if (selector := entry.get("namespaceSelector")) is None:
        there = {namespace}
    else:
        there = {name for name, labels in namespaces.items() if matches(selector, labels)}
    chosen = tuple(
        pod
        for pod in pods
        if pod.namespace in there and matches(entry.get("podSelector"), pod.labels)
    )
    return Peer(chosen, tuple(sorted(pod.address for pod in chosen)))


def _block(block: Manifest) -> Peer:
    """A block of addresses. Pods have none of IPv6, so such a block is nobody."""
    if ":" in block["cidr"]:
        return Peer(pods=(), networks=())
    excepted = [ipaddress.IPv4Network(each, strict=False) for each in block.get("except") or []]
    return Peer(
        pods=None,
        networks=(str(ipaddress.IPv4Network(block["cidr"], strict=False)),),
        excepted=tuple(str(each) for each in ipaddress.collapse_addresses(excepted)),
    )


def rules(
    direction: str,
    subject: Pod,
    peers: Iterable[Peer],
    entries: Sequence[Manifest] | None,
    pods: Sequence[Pod],
) -> Iterator[Rule]:
    """A policy's rule as it is for one pod. A port's name means the target's port of that name."""
    for peer in peers:
        if peer.networks == ():
            continue
        if not entries:
            yield Rule(peer.networks, peer.excepted)
        elif direction == "ingress":
            if ports := numbered(entries, subject):
                yield Rule(peer.networks, peer.excepted, ports)
        else:
            if ports := numbered(entries, None):
                yield Rule(peer.networks, peer.excepted, ports)
            for target in targets(peer, pods):
                if ports := numbered([each for each in entries if _is_named(each)], target):
                    yield Rule((target.address,), (), ports)


def targets(peer: Peer, pods: Iterable[Pod]) -> list[Pod]:
    """The pods that a peer of an egress rule stands for, those within its block included."""
    if peer.pods is not None:
        return list(peer.pods)
    if peer.networks is None:
        return list(pods)
    return [
        pod
        for pod in pods
        if _within(pod.address, peer.networks) and not _within(pod.address, peer.excepted)
    ]


def _within(address: str, networks: Iterable[str]) -> bool:
    found = ipaddress.IPv4Address(address)
    return any(found in ipaddress.IPv4Network(each) for each in networks)


def _is_named(entry: Manifest) -> bool:
    return isinstance(entry.get("port"), str)


def numbered(entries: Iterable[Manifest], pod: Pod | None) -> tuple[Ports, ...]:
    """Port entries as numbers, names as `pod` has them (None: names are left out), merged."""
    found = set()
    for entry in entries:
        protocol, port = entry.get("protocol") or "TCP", entry.get("port")
        if port is None:
            found.add(Ports(protocol, 0, LAST_PORT))
        elif isinstance(port, int):
            found.add(Ports(protocol, port, entry.get("endPort") or port))
        elif pod is not None:
            found |= {Ports(protocol, number, number) for number in pod.named(port, protocol)}
    return _merged(sorted(found))


def _merged(ports: Iterable[Ports]) -> tuple[Ports, ...]:
    """Sorted ranges without overlap, which nftables refuses."""
    merged: list[Ports] = []
    for each in ports:
        last = merged[-1] if merged else None
        if last and last.protocol == each.protocol and each.first <= last.last + 1:
            merged[-1] = Ports(each.protocol, last.first, max(last.last, each.last))
        else:
            merged.append(each)
    return tuple(merged)
