"""What EC2 keeps of security group rules, endpoints and flow logs, and ministack forgets."""

from __future__ import annotations

import functools
import ipaddress
from collections.abc import Callable, Mapping
from typing import Any
from xml.sax.saxutils import escape

from rehearsal.aws.wire.query import Action, Parameters, Response, numbered, one

Item = dict[str, Any]
PEERS = ("IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs")


def adjust(ec2: Any) -> None:
    """Correct the calls of a VPC. ec2: ministack's module."""
    ec2._parse_ip_permissions = functools.partial(with_prefix_lists, ec2._parse_ip_permissions)
    ec2._strip_descriptions = without_descriptions
    actions: dict[str, Action] = ec2._ACTION_MAP
    for direction, key in (("Ingress", "IpPermissions"), ("Egress", "IpPermissionsEgress")):
        actions[f"UpdateSecurityGroupRuleDescriptions{direction}"] = functools.partial(
            describe_rules, ec2, direction, key
        )
    ec2._vpce_fields_xml = functools.partial(with_endpoint_settings, ec2._vpce_fields_xml)
    for name, adjusted in (
        ("CreateVpc", open_default_group),
        ("CreateDefaultVpc", open_default_group),
        ("CreateVpcEndpoint", keep_of_new_endpoint),
        ("ModifyVpcEndpoint", keep_of_endpoint),
        ("DescribeVpcEndpoints", endpoints_of_vpc),
        ("CreateFlowLogs", keep_of_flow_logs),
        ("DescribeFlowLogs", with_delivery),
        ("DescribeNetworkInterfaces", interfaces_that_match),
        ("DescribeAddresses", addresses_that_match),
        ("DescribeSecurityGroups", groups_with_id),
        ("CreateNatGateway", associate_address),
        ("DeleteNatGateway", disassociate_address),
        ("DescribeNatGateways", with_addresses),
    ):
        actions[name] = functools.partial(adjusted, ec2, actions[name])


def open_default_group(ec2: Any, create: Action, parameters: Parameters) -> Response:
    """AWS: a VPC's default group lets its own members in. ministack: only out."""
    known = set(ec2._security_groups)
    response = create(parameters)
    for group_id in set(ec2._security_groups) - known:
        group = ec2._security_groups[group_id]
        rule: Item = {"IpProtocol": "-1", **{kind: [] for kind in PEERS}}
        rule["UserIdGroupPairs"] = [{"GroupId": group_id, "UserId": group["OwnerId"]}]
        group["IpPermissions"] = [rule]
    return response


def adjust_balancers(alb: Any, ec2: Any) -> None:
    """Put load balancers into the VPC of their subnets. alb, ec2: ministack's modules."""
    actions: dict[str, Action] = alb._ACTION_MAP
    actions["CreateLoadBalancer"] = functools.partial(
        in_vpc_of_subnets, ec2, actions["CreateLoadBalancer"]
    )


def in_vpc_of_subnets(ec2: Any, create: Action, parameters: Parameters) -> Response:
    """AWS: a load balancer is in the VPC of its subnets. ministack: in a VPC that there is not."""
    subnet = ec2._subnets.get(one(parameters, "Subnets.member.1"))
    return create({**parameters, "VpcId": [subnet["VpcId"]]} if subnet else parameters)


def with_prefix_lists(
    original: Callable[[Parameters, str], list[Item]], parameters: Parameters, prefix: str
) -> list[Item]:
    """AWS: a rule's other end may be a prefix list, and a block loses the bits of a host.

    ministack reads the other kinds only, and keeps a block as it was sent.
    """
    rules = original(parameters, prefix)
    for index, rule in enumerate(rules, start=1):
        for block in rule["IpRanges"]:
            block["CidrIp"] = str(ipaddress.ip_network(block["CidrIp"], strict=False))
        start, number = f"{prefix}.{index}.PrefixListIds", 1
        while found := one(parameters, f"{start}.{number}.PrefixListId"):
            text = one(parameters, f"{start}.{number}.Description")
            entry = {"PrefixListId": found, **({"Description": text} if text else {})}
            rule["PrefixListIds"].append(entry)
            number += 1
    return rules


TOLD = ("Description", "UserId", "VpcId")
"""What is said about a rule's other end beside which one it is."""


def without_descriptions(rule: Mapping[str, Any]) -> Item:
    """AWS: rules are the same whatever is said about their ends. ministack: not so for groups."""
    bare = {key: value for key, value in rule.items() if key.startswith(("Ip", "From", "To"))}
    for kind in PEERS:
        bare[kind] = [
            {key: value for key, value in peer.items() if key not in TOLD}
            for peer in rule.get(kind, [])
        ]
    return bare


def describe_rules(ec2: Any, direction: str, key: str, parameters: Parameters) -> Response:
    """AWS: UpdateSecurityGroupRuleDescriptions* sets rules' texts. ministack: no such call."""
    group = ec2._security_groups.get(one(parameters, "GroupId"))
    if group is None:
        text = f"The security group '{one(parameters, 'GroupId')}' does not exist"
        refused: Response = ec2._error("InvalidGroup.NotFound", text, 400)
        return refused
    for wanted in ec2._parse_ip_permissions(parameters, "IpPermissions"):
        for rule in group[key]:
            if without_descriptions(rule) == without_descriptions(wanted):
                for kind in PEERS:
                    rule[kind] = wanted[kind]
                rule.pop("Description", None)
    name = f"UpdateSecurityGroupRuleDescriptions{direction}Response"
    done: Response = ec2._xml(200, name, "<return>true</return>")
    return done


def keep_of_new_endpoint(ec2: Any, create: Action, parameters: Parameters) -> Response:
    """AWS: an endpoint has a policy and, as an interface, groups and private DNS names."""
    known = set(ec2._vpc_endpoints)
    response = create(parameters)
    for endpoint_id in set(ec2._vpc_endpoints) - known:
        endpoint = ec2._vpc_endpoints[endpoint_id]
        endpoint["Groups"] = numbered(parameters, "SecurityGroupId")
        endpoint["PrivateDnsEnabled"] = one(parameters, "PrivateDnsEnabled").lower() == "true"
        endpoint["PolicyDocument"] = one(parameters, "PolicyDocument")
        shown = ec2._vpce_fields_xml(endpoint, tag="vpcEndpoint")
        response = ec2._xml(200, "CreateVpcEndpointResponse", shown)
    return response


def keep_of_endpoint(ec2: Any, modify: Action, parameters: Parameters) -> Response:
    """AWS: ModifyVpcEndpoint changes those, too; ResetPolicy allows everything again."""
    response = modify(parameters)
    endpoint = ec2._vpc_endpoints.get(one(parameters, "VpcEndpointId"))
    if response[0] != 200 or endpoint is None:
        return response
    removed = numbered(parameters, "RemoveSecurityGroupId")
    groups = [*endpoint.get("Groups", []), *numbered(parameters, "AddSecurityGroupId")]
    endpoint["Groups"] = [group for group in dict.fromkeys(groups) if group not in removed]
    if private := one(parameters, "PrivateDnsEnabled"):
        endpoint["PrivateDnsEnabled"] = private.lower() == "true"
    if one(parameters, "ResetPolicy").lower() == "true":
        endpoint["PolicyDocument"] = ""
    return response


FULL_ACCESS = (
    '{"Version":"2008-10-17","Statement":'
    '[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}'
)


def with_endpoint_settings(
    original: Callable[..., str], endpoint: Mapping[str, Any], tag: str = "item"
) -> str:
    """AWS: endpoints report groups, private DNS and policy. ministack's have none of them."""
    groups = "".join(
        f"<item><groupId>{escape(group)}</groupId></item>" for group in endpoint.get("Groups", [])
    )
    private = str(endpoint.get("PrivateDnsEnabled", False)).lower()
    policy = escape(endpoint.get("PolicyDocument") or FULL_ACCESS)
    settings = (
        f"<groupSet>{groups}</groupSet><privateDnsEnabled>{private}</privateDnsEnabled>"
        f"<policyDocument>{policy}</policyDocument>"
    )
    return original(endpoint, tag).removesuffix(f"</{tag}>") + f"{settings}</{tag}>"


def endpoints_of_vpc(ec2: Any, describe: Action, parameters: Parameters) -> Response:
    """AWS: DescribeVpcEndpoints filters by VPC, service and tags. ministack returns all."""
    filters = ec2._parse_filters(parameters)
    fields = {"vpc-id": "VpcId", "service-name": "ServiceName"}
    return _filtered(
        ec2, describe, parameters, "VpcEndpointId", ec2._vpc_endpoints, filters, fields
    )


def interfaces_that_match(ec2: Any, describe: Action, parameters: Parameters) -> Response:
    """AWS: DescribeNetworkInterfaces filters by VPC, subnet, state and tags. ministack: all."""
    filters = ec2._parse_filters(parameters)
    fields = {"vpc-id": "VpcId", "subnet-id": "SubnetId", "status": "Status"}
    return _filtered(
        ec2, describe, parameters, "NetworkInterfaceId", ec2._network_interfaces, filters, fields
    )


def addresses_that_match(ec2: Any, describe: Action, parameters: Parameters) -> Response:
    """AWS: DescribeAddresses filters by tags. ministack returns all."""
    filters = ec2._parse_filters(parameters)
    return _filtered(ec2, describe, parameters, "AllocationId", ec2._addresses, filters, {})


def groups_with_id(ec2: Any, describe: Action, parameters: Parameters) -> Response:
    """AWS: DescribeSecurityGroups filters by id, too. ministack returns all."""
    wanted = ec2._parse_filters(parameters).get("group-id")
    if wanted is None:
        return describe(parameters)
    asked = numbered(parameters, "GroupId")
    ids = [
        group for group in wanted if group in ec2._security_groups and group in (asked or wanted)
    ]
    if not ids:
        empty: Response = ec2._xml(200, "DescribeSecurityGroupsResponse", "<securityGroupInfo/>")
        return empty
    named = {f"GroupId.{number}": [group] for number, group in enumerate(ids, start=1)}
    return describe({**parameters, **named})


def associate_address(ec2: Any, create: Action, parameters: Parameters) -> Response:
    """AWS: a NAT gateway's address is associated with it. ministack: the two don't know."""
    address = ec2._addresses.get(one(parameters, "AllocationId"))
    response = create(parameters)
    if response[0] == 200 and address is not None:
        address["AssociationId"] = address["AllocationId"].replace("eipalloc", "eipassoc")
    return response


def disassociate_address(ec2: Any, delete: Action, parameters: Parameters) -> Response:
    """AWS: its address is free again when the gateway is gone."""
    nat = ec2._nat_gateways.get(one(parameters, "NatGatewayId"), {})
    response = delete(parameters)
    if response[0] == 200 and (address := ec2._addresses.get(nat.get("AllocationId"))):
        address["AssociationId"] = None
    return response


def with_addresses(ec2: Any, describe: Action, parameters: Parameters) -> Response:
    """AWS: DescribeNatGateways names each gateway's address. ministack's list is empty."""
    status, headers, body = describe(parameters)
    first, *others = body.decode().split("<natGatewayId>")
    for index, part in enumerate(others):
        nat = ec2._nat_gateways[part.split("<", 1)[0]]
        held = f"<allocationId>{escape(nat['AllocationId'])}</allocationId>"
        item = f"<item>{held}<isPrimary>true</isPrimary></item>"
        listed = f"<natGatewayAddressSet>{item}</natGatewayAddressSet>"
        others[index] = part.replace("<natGatewayAddressSet/>", listed, 1)
    return status, headers, "<natGatewayId>".join([first, *others]).encode()


def _filtered(
    ec2: Any,
    describe: Action,
    parameters: Parameters,
    list_name: str,
    items: Mapping[str, Item],
    filters: Mapping[str, list[str]],
    fields: Mapping[str, str],
) -> Response:
    """Ask by ids for the items that pass the filters; by an id that none has, if none passes."""
    asked = numbered(parameters, list_name) or list(items)
    matching = [
        item_id
        for item_id in asked
        if item_id in items
        and ec2._resource_matches_tag_filters(item_id, filters)
        and all(
            items[item_id].get(field) in filters[name]
            for name, field in fields.items()
            if name in filters
        )
    ]
    ids = matching or ["none"]
    named = {f"{list_name}.{number}": [item] for number, item in enumerate(ids, start=1)}
    return describe({**parameters, **named})


def keep_of_flow_logs(ec2: Any, create: Action, parameters: Parameters) -> Response:
    """AWS: a flow log has a role, an interval and a log group, and there is one of a kind.

    ministack keeps neither role nor interval and makes a second one.
    """
    group = one(parameters, "LogGroupName")
    for resource in numbered(parameters, "ResourceId"):
        for log in ec2._flow_logs.values():
            if (log["ResourceId"], log["LogDestination"]) == (resource, group):
                text = (
                    "There is an existing Flow Log with the same configuration and log destination."
                )
                refused: Response = ec2._error("FlowLogAlreadyExists", text, 400)
                return refused
    known = set(ec2._flow_logs)
    response = create(parameters)
    for log_id in set(ec2._flow_logs) - known:
        # AWS: they are tagged as vpc-flow-log. ministack: as flow-log.
        ec2._parse_tag_specs(parameters, "vpc-flow-log", log_id)
        ec2._flow_logs[log_id] |= {
            "Role": one(parameters, "DeliverLogsPermissionArn"),
            "Interval": one(parameters, "MaxAggregationInterval") or "600",
        }
    return response


def with_delivery(ec2: Any, describe: Action, parameters: Parameters) -> Response:
    """AWS: DescribeFlowLogs reports role, interval, log group and how the delivery goes."""
    status, headers, body = describe(parameters)
    text = body.decode()
    for log_id, log in ec2._flow_logs.items():
        settings = (
            f"<deliverLogsPermissionArn>{escape(log.get('Role', ''))}</deliverLogsPermissionArn>"
            f"<maxAggregationInterval>{log.get('Interval', 600)}</maxAggregationInterval>"
            f"<logGroupName>{escape(log['LogDestination'])}</logGroupName>"
            "<deliverLogsStatus>SUCCESS</deliverLogsStatus>"
        )
        here = f"<flowLogId>{log_id}</flowLogId>"
        text = text.replace(here, here + settings)
    return status, headers, text.encode()
