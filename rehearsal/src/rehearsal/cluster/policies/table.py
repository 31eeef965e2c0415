"""The nftables table of one node, as text for `nft -f -`, which replaces it in one step.

It looks at forwarded packets: all that pods send and get, those on the same node included,
since each has a cable of its own to the node (CNI ptp); after kube-proxy, so with the pods'
addresses and ports instead of the Services'. What a node and its own pods say to each other
(kubelet's probes) is not forwarded, and always allowed, as Kubernetes demands.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rehearsal.cluster.policies.rules import LAST_PORT, Leave, Ports, Rule

TABLE = "ip network_policies"
FORGET = "1m"
"""How long a refused connection is remembered, and told but once."""

READ_DENIED = f"list sets table {TABLE}"
"""Command for `nft -j` whose output `denied` understands."""

# The last line of a pod's chain leads here. What has ports is remembered for the log.
DENY = """\
  set denied_{way} {{
    typeof ip saddr . ip daddr . meta l4proto . th dport
    flags dynamic
    timeout {forget}
    size 4096
  }}
  chain deny_{way} {{
    meta l4proto {{ tcp, udp, sctp }} update @denied_{way} {{ {key} }}
    drop
  }}
"""

# Addresses of the node's subnet that are no pod of which we know come first: nothing passes,
# not even what another pod began at that address.
FORWARD = """\
  chain forward {{
    type filter hook forward priority filter; policy accept;
    ip saddr {subnet} ip saddr != @pods drop
    ip daddr {subnet} ip daddr != @pods drop
    ct state established,related accept
    ip saddr . ip daddr @selves accept
    ip saddr vmap @egress
    ip daddr vmap @ingress
  }}
"""


def text(subnet: str, pods: Mapping[str, Leave]) -> str:
    """The table of a node. subnet: of its pods; pods: those on it, address -> what they may."""
    return "".join(
        [
            # Deleting what is not there would fail, so it is made first.
            f"table {TABLE}\ndelete table {TABLE}\ntable {TABLE} {{\n",
            _set("pods", "ipv4_addr", pods),
            _set("selves", "ipv4_addr . ipv4_addr", (f"{each} . {each}" for each in pods)),
            *(_deny(way) for way in ("egress", "ingress")),
            *_directions(pods),
            FORWARD.format(subnet=subnet),
            "}\n",
        ]
    )


def _deny(way: str) -> str:
    key = "ip saddr . ip daddr . meta l4proto . th dport"
    return DENY.format(way=way, forget=FORGET, key=key)


def _set(name: str, kind: str, elements: Iterable[str], what: str = "set") -> str:
    found = ", ".join(elements)
    listed = f"    elements = {{ {found} }}\n" if found else ""
    return f"  {what} {name} {{\n    type {kind}\n{listed}  }}\n"


def _directions(pods: Mapping[str, Leave]) -> Iterator[str]:
    for way, other in (("egress", "daddr"), ("ingress", "saddr")):
        # Replicas share a chain: a user namespace takes no transaction above some 200 KB.
        chains: dict[tuple[Rule, ...], str] = {}
        jumps = []
        for address, leave in pods.items():
            allowed: tuple[Rule, ...] | None = getattr(leave, way)
            if allowed is not None:
                chain = chains.setdefault(allowed, f"{way}-{address}")
                jumps.append(f"{address} : jump {chain}")
        for allowed, chain in chains.items():
            lines = [line for rule in allowed for line in _lines(rule, other)]
            body = "".join(f"    {line} return\n" for line in lines)
            yield f"  chain {chain} {{\n{body}    goto deny_{way}\n  }}\n"
        yield _set(way, "ipv4_addr : verdict", jumps, "map")


def _lines(rule: Rule, other: str) -> Iterator[str]:
    """A rule's conditions, one line per protocol. other: the side of the peer."""
    who = []
    if rule.networks is not None:
        who.append(f"ip {other} {{ {', '.join(rule.networks)} }}")
    if rule.excepted:
        who.append(f"ip {other} != {{ {', '.join(rule.excepted)} }}")
    for what in [""] if rule.ports is None else _ports(rule.ports):
        yield " ".join([*who, what]).strip()


def _ports(ports: Sequence[Ports]) -> Iterator[str]:
    for protocol in dict.fromkeys(each.protocol for each in ports):
        ranges = [each for each in ports if each.protocol == protocol]
        name = protocol.lower()
        if any((each.first, each.last) == (0, LAST_PORT) for each in ranges):
            yield f"meta l4proto {name}"
        else:
            listed = ", ".join(
                str(each.first) if each.first == each.last else f"{each.first}-{each.last}"
                for each in ranges
            )
            yield f"{name} dport {{ {listed} }}"


@dataclass(frozen=True)
class Denied:
    """A connection that was refused by the policies of its source (egress) or its target."""

    direction: str
    source: str
    target: str
    protocol: str
    port: int


def denied(output: str) -> Iterator[Denied]:
    """What nft's output for READ_DENIED says."""
    for entry in json.loads(output)["nftables"]:
        found = entry.get("set", {})
        if found.get("name", "").startswith("denied_"):
            for element in found.get("elem", []):
                source, target, protocol, port = element["elem"]["val"]["concat"]
                way = found["name"].removeprefix("denied_")
                yield Denied(way, source, target, str(protocol), int(port))
