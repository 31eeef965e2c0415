"""From flows to the rules of security groups and back; flows that are refused."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.ragops.platform.plugins.module_utils._network import rules
from ansible_collections.ragops.platform.plugins.module_utils._network.rules import Rule
from ansible_collections.ragops.platform.plugins.module_utils.aws import AwsError

KEYS = ["nodes", "rds"]


def flow(**options: Any) -> dict[str, Any]:
    base = {"from": "nodes", "to": "rds", "ports": "5432", "protocol": "tcp", "description": "SQL"}
    return {**base, **options}


def of(*flows: dict[str, Any]) -> dict[str, rules.Rules]:
    return rules.of_flows(list(flows), KEYS, ["s3"])


def test_a_flow_between_groups_is_a_rule_at_both_ends() -> None:
    assert of(flow()) == {
        "nodes": {Rule("egress", "tcp", 5432, 5432, "rds"): "SQL"},
        "rds": {Rule("ingress", "tcp", 5432, 5432, "nodes"): "SQL"},
    }


def test_a_flow_within_a_group_is_two_rules_of_it() -> None:
    found = of(flow(to="nodes", ports="1025-65535", protocol="udp"))["nodes"]
    assert set(found) == {
        Rule("egress", "udp", 1025, 65535, "nodes"),
        Rule("ingress", "udp", 1025, 65535, "nodes"),
    }


@pytest.mark.parametrize("end", ["10.0.0.0/8", "0.0.0.0/0", "endpoint:s3"])
def test_an_end_that_is_no_group_has_no_rule(end: str) -> None:
    assert of(flow(to=end, ports="443")) == {
        "nodes": {Rule("egress", "tcp", 443, 443, end): "SQL"},
        "rds": {},
    }


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"from": "10.0.0.0/8", "to": "10.1.0.0/16"}, "from or to must be a security group"),
        ({"to": "nobody"}, "is not a security group .* an IPv4 block"),
        ({"to": "10.0.0.1/8"}, "is not a security group"),
        ({"to": "::/0"}, "not an IPv4 block, and the network supports IPv4 only"),
        ({"to": "endpoint:dynamodb"}, "not a gateway endpoint of this network"),
        ({"ports": "all"}, "ports must be one"),
        ({"ports": "443-80"}, "an ascending range"),
        ({"ports": "70000"}, "within 0 to 65535"),
        ({"description": "Umlaut ä"}, "AWS allows 1 to 255"),
        ({"description": ""}, "AWS allows 1 to 255"),
        ({"from": "0.0.0.0/0", "ports": "22"}, "opens SSH or RDP"),
        ({"from": "0.0.0.0/0", "ports": "3000-4000"}, "opens SSH or RDP"),
        ({"from": "0.0.0.0/0", "ports": "80-443"}, "a range of ports to or from the whole"),
        ({"to": "0.0.0.0/0", "ports": "0-65535"}, "a range of ports to or from the whole"),
    ],
)
def test_flows_that_cannot_be_are_named(options: dict[str, Any], says: str) -> None:
    with pytest.raises(AwsError, match=says):
        of(flow(**options))


def test_a_flow_twice_is_named() -> None:
    with pytest.raises(AwsError, match="this flow is in the list twice"):
        of(flow(), flow(description="Another reason"))


@pytest.mark.parametrize(
    ("groups", "says"),
    [
        ([{"key": "a", "description": "A"}] * 2, "a is in the list twice"),
        ([{"key": "a", "description": "<A>"}], "security group a: AWS allows"),
    ],
)
def test_groups_that_cannot_be_are_named(groups: list[dict[str, Any]], says: str) -> None:
    with pytest.raises(AwsError, match=says):
        rules.check_groups(groups)


def test_what_aws_reports_of_a_rule_is_the_rule() -> None:
    ids = {"rds": "sg-1", "nodes": "sg-2", "endpoint:s3": "pl-1"}
    wanted = of(flow(), flow(to="endpoint:s3"), flow(to="10.0.0.0/8", protocol="udp"))["nodes"]
    permissions = [rules.permission(rule, ids, text) for rule, text in wanted.items()]
    names = {identifier: name for name, identifier in ids.items()}
    seen = rules.flatten({"IpPermissionsEgress": permissions}, names)
    assert {rule: entry.description for rule, entry in seen.items()} == wanted
    # What revokes a rule names it alone, without its description.
    assert seen[Rule("egress", "tcp", 5432, 5432, "rds")].permission == {
        "IpProtocol": "tcp",
        "FromPort": 5432,
        "ToPort": 5432,
        "UserIdGroupPairs": [{"GroupId": "sg-1"}],
    }


def test_rules_read_as_a_person_says_them() -> None:
    everything = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    (rule,) = rules.flatten({"IpPermissionsEgress": [everything]}, {})
    assert rule.text == "egress all traffic to 0.0.0.0/0"
    assert rules.shown({Rule("ingress", "tcp", 1, 9, "rds"): "Why"}) == [
        "ingress tcp 1-9 from rds (Why)"
    ]


def test_only_a_controllers_rules_for_its_own_groups_are_left_out() -> None:
    def seen(text: str, controllers: set[str]) -> dict[Rule, rules.Seen]:
        pair = {"GroupId": "sg-lb", "Description": text}
        rule = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 9, "UserIdGroupPairs": [pair]}
        return rules.flatten({"IpPermissions": [rule]}, {}, controllers)

    text = "elbv2.k8s.aws/targetGroupBinding=shared"
    assert seen(text, {"sg-lb"}) == {}
    assert len(seen(text, set())) == 1
    assert len(seen("by hand", {"sg-lb"})) == 1
