"""Read an account's network and instances into a plan."""

from __future__ import annotations

from typing import Any

from support.emulator import Aws
from terraform import Plan, Ref, blocks


def name_of(item: dict[str, Any], default: str) -> str:
    """The Name tag, or a default."""
    tags = {tag["Key"]: tag["Value"] for tag in item.get("Tags", [])}
    return str(tags.get("Name", default))


def read(aws: Aws, name: str, plan: Plan) -> None:
    """The VPC called `name` with what is in it, flow logs, launch templates, instances."""
    ec2 = aws.client("ec2")
    (vpc,) = ec2.describe_vpcs(Filters=[{"Name": "tag:Name", "Values": [name]}])["Vpcs"]
    within = [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}]
    plan.add("aws_vpc", name, vpc["VpcId"], cidr_block=vpc["CidrBlock"])
    _subnets(ec2, within, plan)
    _groups(ec2, within, plan)
    _ways_out(ec2, within, plan)
    for endpoint in ec2.describe_vpc_endpoints(Filters=within)["VpcEndpoints"]:
        plan.add(
            "aws_vpc_endpoint",
            endpoint["ServiceName"],
            endpoint["VpcEndpointId"],
            vpc_id=Ref(vpc["VpcId"]),
            service_name=endpoint["ServiceName"],
            vpc_endpoint_type=endpoint["VpcEndpointType"],
            private_dns_enabled=endpoint.get("PrivateDnsEnabled"),
            security_group_ids=[Ref(group["GroupId"]) for group in endpoint.get("Groups", [])],
            policy=endpoint.get("PolicyDocument"),
        )
    for log in ec2.describe_flow_logs()["FlowLogs"]:
        plan.add(
            "aws_flow_log",
            log["FlowLogId"],
            vpc_id=Ref(log["ResourceId"]),
            traffic_type=log["TrafficType"],
            log_destination=log.get("LogDestination"),
            iam_role_arn=log.get("DeliverLogsPermissionArn"),
        )
    _machines(ec2, plan)


def _subnets(ec2: Any, within: list[Any], plan: Plan) -> None:
    for subnet in ec2.describe_subnets(Filters=within)["Subnets"]:
        plan.add(
            "aws_subnet",
            name_of(subnet, subnet["SubnetId"]),
            subnet["SubnetId"],
            vpc_id=Ref(subnet["VpcId"]),
            cidr_block=subnet["CidrBlock"],
            map_public_ip_on_launch=subnet["MapPublicIpOnLaunch"],
        )


def _groups(ec2: Any, within: list[Any], plan: Plan) -> None:
    for group in ec2.describe_security_groups(Filters=within)["SecurityGroups"]:
        default = group["GroupName"] == "default"
        rules = {
            side: [one for rule in group[key] for one in _rules(rule)]
            for side, key in (("ingress", "IpPermissions"), ("egress", "IpPermissionsEgress"))
        }
        plan.add(
            "aws_default_security_group" if default else "aws_security_group",
            group["GroupName"],
            group["GroupId"],
            vpc_id=Ref(group["VpcId"]),
            **({} if default else {"description": group["Description"]}),
            **{side: found for side, found in rules.items() if found},
        )


def _rules(rule: dict[str, Any]) -> list[dict[str, Any]]:
    """One block for each peer of a permission."""
    common = {
        "protocol": rule["IpProtocol"],
        "from_port": rule.get("FromPort", 0),
        "to_port": rule.get("ToPort", 0),
    }
    peers = [
        *(("cidr_blocks", peer["CidrIp"], peer) for peer in rule.get("IpRanges", [])),
        *(("ipv6_cidr_blocks", peer["CidrIpv6"], peer) for peer in rule.get("Ipv6Ranges", [])),
        *(("prefix_list_ids", peer["PrefixListId"], peer)
          for peer in rule.get("PrefixListIds", [])),
        *(("security_groups", Ref(peer["GroupId"]), peer)
          for peer in rule.get("UserIdGroupPairs", [])),
    ]  # fmt: skip
    return [
        {**common, kind: [value], "description": peer.get("Description")}
        for kind, value, peer in peers
    ]


def _ways_out(ec2: Any, within: list[Any], plan: Plan) -> None:
    for address in ec2.describe_addresses()["Addresses"]:
        known = address["AllocationId"]
        plan.add("aws_eip", name_of(address, known), known, domain=address["Domain"])
    gateways = ec2.describe_internet_gateways()["InternetGateways"]
    for gateway in gateways:
        for attachment in gateway["Attachments"]:
            plan.add(
                "aws_internet_gateway",
                gateway["InternetGatewayId"],
                gateway["InternetGatewayId"],
                vpc_id=Ref(attachment["VpcId"]),
            )
    for nat in ec2.describe_nat_gateways(Filter=within)["NatGateways"]:
        plan.add(
            "aws_nat_gateway",
            name_of(nat, nat["NatGatewayId"]),
            nat["NatGatewayId"],
            allocation_id=Ref(nat["NatGatewayAddresses"][0]["AllocationId"]),
            subnet_id=Ref(nat["SubnetId"]),
        )
    for table in ec2.describe_route_tables(Filters=within)["RouteTables"]:
        plan.add(
            "aws_route_table",
            name_of(table, table["RouteTableId"]),
            table["RouteTableId"],
            vpc_id=Ref(table["VpcId"]),
            route=[
                {
                    "cidr_block": route.get("DestinationCidrBlock"),
                    "gateway_id": Ref(route.get("GatewayId")),
                    "nat_gateway_id": Ref(route.get("NatGatewayId")),
                }
                for route in table["Routes"]
                if route.get("GatewayId") != "local"
            ],
        )


def _machines(ec2: Any, plan: Plan) -> None:
    for template in ec2.describe_launch_templates()["LaunchTemplates"]:
        name = template["LaunchTemplateName"]
        (version,) = ec2.describe_launch_template_versions(
            LaunchTemplateName=name, Versions=["$Latest"]
        )["LaunchTemplateVersions"]
        data = version["LaunchTemplateData"]
        groups = [Ref(group) for group in data.pop("SecurityGroupIds", [])]
        plan.add(
            "aws_launch_template",
            name,
            template["LaunchTemplateId"],
            **blocks(data),
            vpc_security_group_ids=groups,
        )
    for reservation in ec2.describe_instances()["Reservations"]:
        for instance in reservation["Instances"]:
            _instance(ec2, instance, plan)


def _instance(ec2: Any, instance: dict[str, Any], plan: Plan) -> None:
    disks = [mapping["Ebs"]["VolumeId"] for mapping in instance["BlockDeviceMappings"]]
    volumes = ec2.describe_volumes(VolumeIds=disks)["Volumes"]
    profile = instance.get("IamInstanceProfile", {}).get("Arn", "").rpartition("/")[2]
    plan.add(
        "aws_instance",
        name_of(instance, instance["InstanceId"]),
        instance["InstanceId"],
        ebs_optimized=instance.get("EbsOptimized"),
        monitoring=instance.get("Monitoring", {}).get("State") == "enabled",
        associate_public_ip_address="PublicIpAddress" in instance,
        iam_instance_profile=Ref(profile),
        metadata_options=[blocks(instance.get("MetadataOptions", {}))],
        root_block_device=[{"encrypted": volume["Encrypted"]} for volume in volumes],
        subnet_id=Ref(instance["SubnetId"]),
        vpc_security_group_ids=[Ref(group["GroupId"]) for group in instance["SecurityGroups"]],
    )
