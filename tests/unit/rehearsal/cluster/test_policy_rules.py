"""What NetworkPolicies allow: by hand-made tables of connections, and by nftables itself."""

from __future__ import annotations

import ipaddress
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from rehearsal.cluster.policies import table
from rehearsal.cluster.policies.rules import (
    OPEN,
    Leave,
    Pod,
    Ports,
    Rule,
    directions,
    leaves,
    matches,
)

NAMESPACES = {
    "shop": {"kubernetes.io/metadata.name": "shop", "team": "sales"},
    "data": {"kubernetes.io/metadata.name": "data", "team": "store"},
}
NODE = "ip-10-255-0-11.ec2.internal"
OUTSIDE = "203.0.113.7"


def pod(address: str, namespace: str, name: str, **ports: int) -> Pod:
    named = tuple((key, "TCP", number) for key, number in ports.items())
    return Pod(namespace, name, NODE, address, {"app": name, "tier": name[:3]}, named)


PODS = [
    pod("10.244.1.2", "shop", "web", http=8000),
    pod("10.244.2.2", "shop", "api", http=9000),
    pod("10.244.1.3", "data", "db", sql=5432),
    pod("10.244.3.3", "data", "web", http=8001),
]
WEB, API, DB, OTHER = (each.address for each in PODS)


def policy(spec: dict[str, Any], namespace: str = "shop") -> dict[str, Any]:
    return {
        "metadata": {"namespace": namespace, "name": "p"},
        "spec": {"podSelector": {}, **spec},
    }


def lets(rules: tuple[Rule, ...] | None, other: str, protocol: str, port: int) -> bool:
    """Whether rules let a connection with a peer be, by their meaning."""

    def among(networks: tuple[str, ...]) -> bool:
        return any(
            ipaddress.ip_address(other) in ipaddress.ip_network(network) for network in networks
        )

    return rules is None or any(
        (rule.networks is None or among(rule.networks))
        and not among(rule.excepted)
        and (
            rule.ports is None
            or any(p.protocol == protocol and p.first <= port <= p.last for p in rule.ports)
        )
        for rule in rules
    )


def passes(
    allowed: Mapping[str, Leave], source: str, target: str, port: int, protocol: str = "TCP"
) -> bool:
    """Whether a connection gets out of its source and into its target."""
    out, into = allowed.get(source, OPEN), allowed.get(target, OPEN)
    return lets(out.egress, target, protocol, port) and lets(into.ingress, source, protocol, port)


def select(**labels: str) -> dict[str, Any]:
    return {"matchLabels": labels}


def ingress(*rules: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return policy({"policyTypes": ["Ingress"], "ingress": list(rules), **spec})


def egress(*rules: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return policy({"policyTypes": ["Egress"], "egress": list(rules), **spec})


DENY_IN = ingress()
TO_WEB = select(app="web")
API_ONLY = {"from": [{"podSelector": select(app="api")}]}
ALL_PODS = {"namespaceSelector": {}}
STORE = {"namespaceSelector": select(team="store")}
BLOCK = {"ipBlock": {"cidr": "10.244.0.0/16", "except": ["10.244.2.0/24", "10.244.2.0/25"]}}

# policies, then connections that pass and connections that don't: (source, target, port[, proto]).
Connection = tuple[Any, ...]
CASES: dict[str, tuple[list[dict[str, Any]], list[Connection], list[Connection]]] = {
    "no policy": ([], [(API, WEB, 1), (OUTSIDE, WEB, 1), (WEB, OUTSIDE, 1, "UDP")], []),
    "deny all ingress": (
        [DENY_IN],
        [(WEB, OUTSIDE, 1), (WEB, DB, 1), (API, OTHER, 1)],
        [(API, WEB, 1), (OUTSIDE, API, 1), (DB, WEB, 1)],
    ),
    "deny all egress": (
        [egress()],
        [(OUTSIDE, WEB, 1), (DB, WEB, 1)],
        [(WEB, API, 1), (WEB, OUTSIDE, 53, "UDP")],
    ),
    "policies of another namespace select nobody": (
        [policy({"ingress": []}, "data")],
        [(API, WEB, 1)],
        [(WEB, DB, 1), (WEB, OTHER, 1)],
    ),
    "an empty rule allows all": (
        [ingress({})],
        [(OUTSIDE, WEB, 1), (DB, WEB, 9, "SCTP")],
        [],
    ),
    "a pod selector means the policy's own namespace": (
        [ingress({"from": [{"podSelector": select(app="web")}]})],
        [(WEB, API, 1)],
        [(OTHER, API, 1), (OUTSIDE, API, 1)],
    ),
    "a namespace selector means all its pods": (
        [ingress({"from": [STORE]})],
        [(DB, WEB, 1), (OTHER, API, 1)],
        [(API, WEB, 1), (OUTSIDE, WEB, 1)],
    ),
    "an empty namespace selector means all pods, and no others": (
        [ingress({"from": [ALL_PODS]})],
        [(DB, WEB, 1), (API, WEB, 1)],
        [(OUTSIDE, WEB, 1)],
    ),
    "both selectors in one entry narrow each other": (
        [ingress({"from": [{**STORE, "podSelector": select(app="web")}]})],
        [(OTHER, WEB, 1)],
        [(DB, WEB, 1), (API, WEB, 1)],
    ),
    "in two entries they widen each other": (
        [ingress({"from": [STORE, {"podSelector": select(app="api")}]})],
        [(OTHER, WEB, 1), (DB, WEB, 1), (API, WEB, 1)],
        [(OUTSIDE, WEB, 1)],
    ),
    "a selector that matches nobody is not anybody": (
        [ingress({"from": [{"podSelector": select(app="gone")}]})],
        [],
        [(API, WEB, 1), (OUTSIDE, WEB, 1)],
    ),
    "ports": (
        [ingress({"ports": [{"port": 80}, {"protocol": "UDP", "port": 53}]})],
        [(API, WEB, 80), (OUTSIDE, WEB, 53, "UDP")],
        [(API, WEB, 53), (API, WEB, 80, "UDP"), (API, WEB, 81)],
    ),
    "a range of ports, its ends included": (
        [ingress({"ports": [{"port": 100, "endPort": 200}, {"port": 150, "endPort": 300}]})],
        [(API, WEB, 100), (API, WEB, 200), (API, WEB, 300)],
        [(API, WEB, 99), (API, WEB, 301)],
    ),
    "a protocol without a port": (
        [ingress({"ports": [{"protocol": "UDP"}]})],
        [(API, WEB, 1, "UDP"), (API, WEB, 65535, "UDP")],
        [(API, WEB, 1)],
    ),
    "a name is the target's own port, on the way in": (
        [ingress({"ports": [{"port": "http"}]})],
        [(API, WEB, 8000), (WEB, API, 9000)],
        [(API, WEB, 9000), (WEB, API, 8000), (API, WEB, 80)],
    ),
    "a name that the target doesn't have is no port, rather than any": (
        [ingress({"ports": [{"port": "sql"}]})],
        [],
        [(API, WEB, 5432), (API, WEB, 1)],
    ),
    "a name is the target's own port, on the way out": (
        [egress({"to": [ALL_PODS], "ports": [{"port": "http"}]})],
        [(WEB, API, 9000), (WEB, OTHER, 8001), (API, WEB, 8000)],
        [(WEB, API, 8000), (WEB, DB, 5432), (WEB, OUTSIDE, 9000)],
    ),
    "a name on the way out to anybody, or to a block, means the pods there": (
        [egress({"ports": [{"port": "http"}, {"port": 443}]})],
        [(WEB, OTHER, 8001), (WEB, OUTSIDE, 443)],
        [(WEB, OUTSIDE, 8001), (WEB, DB, 8001)],
    ),
    "a block without a part of it": (
        [egress({"to": [BLOCK]}), ingress({"from": [BLOCK]})],
        [(WEB, DB, 1), (OTHER, WEB, 1)],
        [(WEB, API, 1), (API, WEB, 1), (WEB, OUTSIDE, 1), (OUTSIDE, WEB, 1)],
    ),
    "a name within a block": (
        [egress({"to": [BLOCK], "ports": [{"port": "http"}]})],
        [(WEB, OTHER, 8001)],
        [(WEB, API, 9000), (WEB, DB, 8001)],
    ),
    "a block of IPv6 is nobody here": (
        [egress({"to": [{"ipBlock": {"cidr": "::/0"}}]})],
        [],
        [(WEB, API, 1), (WEB, OUTSIDE, 1)],
    ),
    "policies add up": (
        [DENY_IN, ingress(API_ONLY, podSelector=TO_WEB), ingress({"ports": [{"port": 5}]})],
        [(API, WEB, 1), (OUTSIDE, API, 5), (OUTSIDE, WEB, 5)],
        [(OUTSIDE, WEB, 1), (WEB, API, 1)],
    ),
    "both ends must agree": (
        [egress({"to": [STORE]}), policy({"ingress": [API_ONLY]}, "data")],
        [(OUTSIDE, WEB, 1)],
        [(WEB, DB, 1), (API, DB, 1)],
    ),
    "types left open: ingress, and egress where the policy speaks of it": (
        [policy({"egress": [{"ports": [{"port": 5}]}]})],
        [(WEB, OUTSIDE, 5)],
        [(OUTSIDE, WEB, 5), (WEB, OUTSIDE, 6)],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_policies_let_pass(name: str) -> None:
    policies, passing, refused = CASES[name]
    allowed = leaves(PODS, NAMESPACES, policies)
    assert [each for each in passing if not passes(allowed, *each)] == []
    assert [each for each in refused if passes(allowed, *each)] == []


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        (None, True),
        ({}, True),
        ({"matchLabels": {"a": "1"}}, True),
        ({"matchLabels": {"a": "1", "b": "1"}}, False),
        ({"matchExpressions": [{"key": "a", "operator": "In", "values": ["0", "1"]}]}, True),
        ({"matchExpressions": [{"key": "b", "operator": "In", "values": ["1"]}]}, False),
        ({"matchExpressions": [{"key": "a", "operator": "NotIn", "values": ["1"]}]}, False),
        ({"matchExpressions": [{"key": "b", "operator": "NotIn", "values": ["1"]}]}, True),
        ({"matchExpressions": [{"key": "a", "operator": "Exists"}]}, True),
        ({"matchExpressions": [{"key": "b", "operator": "DoesNotExist"}]}, True),
        (
            {
                "matchLabels": {"a": "1"},
                "matchExpressions": [{"key": "a", "operator": "DoesNotExist"}],
            },
            False,
        ),
    ],
)
def test_selectors(selector: dict[str, Any] | None, expected: bool) -> None:
    assert matches(selector, {"a": "1"}) is expected


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({}, ["ingress"]),
        ({"egress": [{}]}, ["ingress", "egress"]),
        ({"policyTypes": ["Egress"]}, ["egress"]),
        ({"policyTypes": ["Ingress"], "egress": [{}]}, ["ingress"]),
    ],
)
def test_directions(spec: dict[str, Any], expected: list[str]) -> None:
    assert directions(spec) == expected


def nft(*texts: str) -> str:
    """What nftables says to texts, one after the other, in a network of its own."""
    apply = "from subprocess import run; import sys\n" + (
        "for text in sys.stdin.read().split('#next'):\n"
        "    run(['nft', '-f', '-'], input=text, text=True, check=True)"
    )
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--net", sys.executable, "-IS", "-c", apply],
        input="#next".join(texts),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return "" if done.returncode == 0 else done.stderr or "failed"


def test_nftables_takes_a_node_full_of_pods() -> None:
    """110 pods of 20 Deployments, each with rules of its own; peers are 100 more each."""
    peers = tuple(f"10.244.2.{number}" for number in range(2, 102))
    pods = {}
    for number in range(110):
        ports = tuple(Ports("TCP", 1000 * part + number % 20, 1000 * part + 500) for part in (1, 2))
        rules = (Rule(peers, (), ports), Rule(("10.0.0.0/8",), ("10.1.0.0/16",), ports))
        pods[f"10.244.1.{number + 2}"] = Leave(rules, rules)
    assert nft(table.text("10.244.1.0/24", pods)) == ""


def test_real_packets_go_where_they_may_and_nowhere_else() -> None:
    """Every case of above again, each table after the other in the kernel, on one node."""
    names = list(CASES)
    entries = []
    for name in names:
        policies, passing, refused = CASES[name]
        # Not every kernel has SCTP.
        flows = [
            [(*each, "TCP")[:4] for each in kind if "SCTP" not in each]
            for kind in (passing, refused)
        ]
        allowed = leaves(PODS, NAMESPACES, policies)
        text = table.text("10.244.0.0/16", allowed)
        entries.append({"table": text, "pass": flows[0], "refuse": flows[1]})
    # A pod of which nobody has told yet, and the last policy gone.
    names += ["an unknown pod", "all open again"]
    unknown = [(API, WEB, 1, "TCP"), (WEB, API, 1, "TCP"), (API, OUTSIDE, 1, "UDP")]
    text = table.text("10.244.0.0/16", {WEB: OPEN})
    entries += [{"table": text, "pass": [], "refuse": unknown}, entries[0]]
    program = Path(__file__).with_name("policy_packets.py")
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--net", sys.executable, program],
        input=json.dumps(entries),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    wrong = dict(zip(names, json.loads(done.stdout), strict=True))
    assert {name: flows for name, flows in wrong.items() if flows} == {}
