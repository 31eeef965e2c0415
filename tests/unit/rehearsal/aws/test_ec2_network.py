"""The emulated EC2 keeps of rules, endpoints and flow logs what AWS keeps."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from support.emulator import Aws

S3 = "com.amazonaws.us-east-1.s3"


@pytest.fixture
def ec2(aws: Aws) -> Any:
    return aws.client("ec2")


@pytest.fixture
def vpc(ec2: Any) -> str:
    return str(ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"])


def make_group(ec2: Any, vpc: str, name: str = "one") -> str:
    made = ec2.create_security_group(GroupName=name, Description="d", VpcId=vpc)
    return str(made["GroupId"])


def egress(ec2: Any, group: str) -> list[dict[str, Any]]:
    found = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]
    return [rule for rule in found["IpPermissionsEgress"] if rule["IpProtocol"] != "-1"]


def test_a_block_loses_the_bits_of_a_host(ec2: Any, vpc: str) -> None:
    group = make_group(ec2, vpc)
    rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
    ec2.authorize_security_group_egress(
        GroupId=group, IpPermissions=[{**rule, "IpRanges": [{"CidrIp": "203.0.113.5/24"}]}]
    )
    (kept,) = egress(ec2, group)
    assert [block["CidrIp"] for block in kept["IpRanges"]] == ["203.0.113.0/24"]


def test_rules_name_prefix_lists_and_their_texts_change(ec2: Any, vpc: str) -> None:
    group = make_group(ec2, vpc)
    named = [{"Name": "prefix-list-name", "Values": [S3]}]
    (prefixes,) = ec2.describe_prefix_lists(Filters=named)["PrefixLists"]
    https = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}

    def rules(text: str) -> list[dict[str, Any]]:
        listed = [{"PrefixListId": prefixes["PrefixListId"], "Description": text}]
        itself = [{"GroupId": group, "Description": text}]
        return [{**https, "PrefixListIds": listed}, {**https, "UserIdGroupPairs": itself}]

    ec2.authorize_security_group_egress(GroupId=group, IpPermissions=rules("before"))
    ec2.update_security_group_rule_descriptions_egress(GroupId=group, IpPermissions=rules("after"))
    prefixed, paired = egress(ec2, group)
    assert prefixed["PrefixListIds"][0]["Description"] == "after"
    assert paired["UserIdGroupPairs"][0]["Description"] == "after"
    # Revoked without its description.
    ec2.revoke_security_group_egress(
        GroupId=group, IpPermissions=[{**https, "UserIdGroupPairs": [{"GroupId": group}]}]
    )
    assert len(egress(ec2, group)) == 1
    with pytest.raises(ClientError, match="does not exist"):
        ec2.update_security_group_rule_descriptions_ingress(
            GroupId="sg-00000000000000000", IpPermissions=rules("x")
        )


def test_endpoints_keep_groups_names_and_policy(ec2: Any, vpc: str) -> None:
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.0.0/24")["Subnet"]["SubnetId"]
    first, second = make_group(ec2, vpc), make_group(ec2, vpc, "two")
    made = ec2.create_vpc_endpoint(
        VpcEndpointType="Interface",
        VpcId=vpc,
        ServiceName="com.amazonaws.us-east-1.sts",
        SubnetIds=[subnet],
        SecurityGroupIds=[first],
        PrivateDnsEnabled=True,
        PolicyDocument='{"own": "<one>"}',
    )["VpcEndpoint"]
    assert [group["GroupId"] for group in made["Groups"]] == [first]
    assert made["PrivateDnsEnabled"] is True
    assert made["PolicyDocument"] == '{"own": "<one>"}'
    ec2.modify_vpc_endpoint(
        VpcEndpointId=made["VpcEndpointId"],
        AddSecurityGroupIds=[second],
        RemoveSecurityGroupIds=[first],
        PrivateDnsEnabled=False,
        ResetPolicy=True,
    )

    def inside(vpc_id: str) -> list[dict[str, Any]]:
        filters = [{"Name": "vpc-id", "Values": [vpc_id]}]
        found: list[dict[str, Any]] = ec2.describe_vpc_endpoints(Filters=filters)["VpcEndpoints"]
        return found

    (changed,) = inside(vpc)
    assert [group["GroupId"] for group in changed["Groups"]] == [second]
    assert changed["PrivateDnsEnabled"] is False
    assert '"Action":"*"' in changed["PolicyDocument"]
    assert inside("vpc-00000000000000000") == []


def test_interfaces_are_found_by_vpc_state_and_tag(ec2: Any, vpc: str) -> None:
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.0.0/24")["Subnet"]["SubnetId"]
    made = ec2.create_network_interface(SubnetId=subnet)
    interface = made["NetworkInterface"]["NetworkInterfaceId"]
    ec2.create_tags(Resources=[interface], Tags=[{"Key": "k", "Value": "v"}])

    def found(name: str, value: str) -> list[str]:
        filters = [{"Name": name, "Values": [value]}]
        answer = ec2.describe_network_interfaces(Filters=filters)
        return [item["NetworkInterfaceId"] for item in answer["NetworkInterfaces"]]

    for name, value in (("vpc-id", vpc), ("subnet-id", subnet), ("status", "available")):
        assert found(name, value) == [interface], name
    assert found("tag:k", "v") == [interface]
    assert found("vpc-id", "vpc-0") == found("status", "in-use") == found("tag:k", "w") == []


def test_one_flow_log_of_a_kind_with_its_role(ec2: Any, vpc: str) -> None:
    wanted = {
        "ResourceIds": [vpc],
        "ResourceType": "VPC",
        "TrafficType": "ALL",
        "LogGroupName": "flows",
        "DeliverLogsPermissionArn": "arn:aws:iam::000000000000:role/flows",
        "MaxAggregationInterval": 60,
    }
    ec2.create_flow_logs(**wanted)
    (log,) = ec2.describe_flow_logs(Filter=[{"Name": "resource-id", "Values": [vpc]}])["FlowLogs"]
    assert (log["LogGroupName"], log["MaxAggregationInterval"]) == ("flows", 60)
    assert log["DeliverLogsPermissionArn"] == wanted["DeliverLogsPermissionArn"]
    with pytest.raises(ClientError, match="FlowLogAlreadyExists"):
        ec2.create_flow_logs(**wanted)


def test_a_nat_gateway_holds_its_address(ec2: Any, vpc: str) -> None:
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.0.0/24")["Subnet"]["SubnetId"]
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    ec2.create_tags(Resources=[address], Tags=[{"Key": "k", "Value": "v"}])
    made = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]
    (nat,) = ec2.describe_nat_gateways(NatGatewayIds=[made["NatGatewayId"]])["NatGateways"]
    assert [item["AllocationId"] for item in nat["NatGatewayAddresses"]] == [address]

    def held(value: str) -> list[bool]:
        filters = [{"Name": "tag:k", "Values": [value]}]
        found = ec2.describe_addresses(Filters=filters)["Addresses"]
        return ["AssociationId" in item for item in found]

    assert held("v") == [True]
    assert held("w") == []
    ec2.delete_nat_gateway(NatGatewayId=made["NatGatewayId"])
    assert held("v") == [False]
