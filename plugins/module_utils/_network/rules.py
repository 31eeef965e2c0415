# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""From flows to the rules of security groups, and from AWS's rules back. Pure: no AWS call."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from ..aws import AwsError

ENDPOINT = "endpoint:"
"""Begins the name of a gateway endpoint's addresses, as in endpoint:s3."""

TEXT = re.compile(r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{1,255}")
"""What AWS takes as description of a group or a rule."""

REMOTE_CONTROL = (22, 3389)

CONTROLLER_TAG = "elbv2.k8s.aws/cluster"
"""Carried by all that the AWS Load Balancer Controller makes; its value is the cluster's name."""

CONTROLLER_RULE = "elbv2.k8s.aws/targetGroupBinding"
"""Begins the description of the rules that this controller adds to the groups of nodes."""

Permission = dict[str, Any]


@dataclass(frozen=True)
class Rule:
    """One rule of a group; `peer` is a group's key, an IPv4 block or endpoint:<service>."""

    direction: str
    protocol: str
    from_port: int
    to_port: int
    peer: str

    @property
    def text(self) -> str:
        """Return the rule as a person reads it."""
        side = "from" if self.direction == "ingress" else "to"
        if self.protocol == "-1":
            return f"{self.direction} all traffic {side} {self.peer}"
        ports = (
            str(self.from_port)
            if self.from_port == self.to_port
            else f"{self.from_port}-{self.to_port}"
        )
        return f"{self.direction} {self.protocol} {ports} {side} {self.peer}"


Rules = dict[Rule, str]
"""Rules with their descriptions."""


def shown(rules: Rules) -> list[str]:
    """Return rules with their descriptions as sorted texts, for the plan."""
    return sorted(f"{rule.text} ({text})" if text else rule.text for rule, text in rules.items())


def of_flows(
    flows: list[dict[str, Any]], keys: Collection[str], services: Collection[str]
) -> dict[str, Rules]:
    """Return the rules of each group.

    Args:
        flows: options from, to, protocol, ports, description. An end is a group's key, an IPv4
            block or endpoint:<service>; an end that is a group gets a rule.
        keys: the keys of all groups of the network.
        services: the network's gateway endpoints.

    Raises:
        AwsError: a flow has no group, an unknown end, wrong ports, or opens too much.
    """
    found: dict[str, Rules] = {key: {} for key in keys}
    for flow in flows:
        where = f"flow {flow['from']} -> {flow['to']} {flow['ports']} ({flow['description']})"
        low, high = _ports(str(flow["ports"]), where)
        _check_text(flow["description"], where)
        ends = (("egress", flow["from"], flow["to"]), ("ingress", flow["to"], flow["from"]))
        if not {flow["from"], flow["to"]} & set(keys):
            raise AwsError(
                f"{where}: from or to must be a security group. Existing groups: {sorted(keys)}."
            )
        for end in (flow["from"], flow["to"]):
            _check_end(end, keys, services, where)
        for direction, own, peer in ends:
            if own not in found:
                continue
            _check_reach(direction, peer, low, high, where)
            rule = Rule(direction, flow["protocol"], low, high, peer)
            if rule in found[own]:
                raise AwsError(f"{where}: this flow is in the list twice. Remove one.")
            found[own][rule] = flow["description"]
    return found


def check_groups(groups: list[dict[str, Any]]) -> None:
    """Refuse groups that AWS would refuse: a key twice, or a description that it does not take."""
    keys = [group["key"] for group in groups]
    for group in groups:
        if keys.count(group["key"]) > 1:
            raise AwsError(f"security group {group['key']} is in the list twice. Remove one.")
        _check_text(group["description"], f"security group {group['key']}")


def _check_text(text: str, where: str) -> None:
    if not TEXT.fullmatch(text):
        raise AwsError(
            f"{where}: AWS allows 1 to 255 letters, digits, spaces and ._-:/()#,@[]+=&;{{}}!$* as"
            " a description. Change it."
        )


def _ports(text: str, where: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,5})(?:-(\d{1,5}))?", text.strip())
    low, high = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
    if not 0 <= low <= high <= 65535:
        raise AwsError(
            f"{where}: ports must be one port, such as 443, or an ascending range, such as"
            " 1025-65535, within 0 to 65535."
        )
    return low, high


def _check_end(end: str, keys: Collection[str], services: Collection[str], where: str) -> None:
    if end in keys:
        return
    if end.startswith(ENDPOINT):
        if end.removeprefix(ENDPOINT) not in services:
            raise AwsError(
                f"{where}: {end} is not a gateway endpoint of this network. gateway_endpoints has"
                f" {sorted(services)}."
            )
        return
    try:
        block = ipaddress.ip_network(end)
    except ValueError as error:
        raise AwsError(
            f"{where}: {end!r} is not a security group (existing: {sorted(keys)}), an IPv4 block,"
            " or endpoint:<service>."
        ) from error
    if block.version != 4:
        raise AwsError(f"{where}: {end} is not an IPv4 block, and the network supports IPv4 only.")


def _check_reach(direction: str, peer: str, low: int, high: int, where: str) -> None:
    """Refuse what no platform needs: open remote control, and port ranges to or from all."""
    if "/" not in peer or ipaddress.ip_network(peer).prefixlen > 0:
        return
    if direction == "ingress" and any(low <= port <= high for port in REMOTE_CONTROL):
        raise AwsError(
            f"{where}: opens SSH or RDP to the whole internet. Use the bastion, which is reached "
            "through SSM and has no open port."
        )
    if low != high:
        raise AwsError(
            f"{where}: opens a range of ports to or from the whole internet. Give one port."
        )


_PEERS = (
    ("IpRanges", "CidrIp"),
    ("Ipv6Ranges", "CidrIpv6"),
    ("UserIdGroupPairs", "GroupId"),
    ("PrefixListIds", "PrefixListId"),
)


@dataclass(frozen=True)
class Seen:
    """A rule that AWS reports: the IpPermission that names it alone, and its description."""

    permission: Permission
    description: str


def flatten(
    group: Mapping[str, Any], names: Mapping[str, str], controllers: Collection[str] = ()
) -> dict[Rule, Seen]:
    """Return the rules that AWS reports of a group.

    Args:
        group: an item of describe_security_groups.
        names: keys of this network's groups and names of prefix lists, by id.
        controllers: groups that a controller of the cluster has made. The rules that it adds for
            them to the nodes' groups are its own business and left out.
    """
    found: dict[Rule, Seen] = {}
    for direction, source in (("ingress", "IpPermissions"), ("egress", "IpPermissionsEgress")):
        for permission in group.get(source) or []:
            for kind, identifier in _PEERS:
                for peer in permission.get(kind) or []:
                    text = str(peer.get("Description") or "")
                    if peer.get(identifier) in controllers and text.startswith(CONTROLLER_RULE):
                        continue
                    rule = _rule(direction, permission, names, str(peer[identifier]))
                    alone = {kind: [{identifier: peer[identifier]}]}
                    found[rule] = Seen({**_head(permission), **alone}, text)
    return found


def _head(permission: Permission) -> Permission:
    return {
        name: permission[name]
        for name in ("IpProtocol", "FromPort", "ToPort")
        if permission.get(name) is not None
    }


def _rule(direction: str, permission: Permission, names: Mapping[str, str], peer: str) -> Rule:
    head = _head(permission)
    return Rule(
        direction,
        str(head["IpProtocol"]),
        int(head.get("FromPort", -1)),
        int(head.get("ToPort", -1)),
        names.get(peer, peer),
    )


def permission(rule: Rule, ids: Mapping[str, str], description: str) -> Permission:
    """Return a rule as AWS's IpPermission; `ids`: of groups by key, of endpoint:<service>."""
    head = {"IpProtocol": rule.protocol, "FromPort": rule.from_port, "ToPort": rule.to_port}
    text = {"Description": description}
    if rule.peer.startswith(ENDPOINT):
        return {**head, "PrefixListIds": [{"PrefixListId": ids[rule.peer], **text}]}
    if rule.peer in ids:
        return {**head, "UserIdGroupPairs": [{"GroupId": ids[rule.peer], **text}]}
    return {**head, "IpRanges": [{"CidrIp": rule.peer, **text}]}
