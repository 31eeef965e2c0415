"""What somebody may change by hand of a network."""

from __future__ import annotations

from typing import Any

from support.drifts import NAME, WHOLE, Drift, Make
from support.emulator import Aws

IDS = {
    "vpcs": "VpcId",
    "subnets": "SubnetId",
    "route_tables": "RouteTableId",
    "internet_gateways": "InternetGatewayId",
    "nat_gateways": "NatGatewayId",
    "addresses": "AllocationId",
    "vpc_endpoints": "VpcEndpointId",
}
INTERNET = "0.0.0.0/0"
EVERYTHING = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": INTERNET}]}


def the(aws: Aws, kind: str, name: str) -> dict[str, Any]:
    """What describe_<kind> lists under this tag Name."""
    filters = [{"Name": "tag:Name", "Values": [name]}]
    how = {"Filter" if kind == "nat_gateways" else "Filters": filters}
    key = kind.title().replace("_", "")
    found: dict[str, Any] = getattr(aws.client("ec2"), f"describe_{kind}")(**how)[key][0]
    return found


def group(aws: Aws, name: str, key: str) -> dict[str, Any]:
    """A security group of a network; without key the one that its VPC has by itself."""
    wanted = {"vpc-id": the(aws, "vpcs", name)["VpcId"]}
    wanted["group-name"] = f"{name}-{key}" if key else "default"
    filters = [{"Name": which, "Values": [value]} for which, value in wanted.items()]
    found = aws.client("ec2").describe_security_groups(Filters=filters)["SecurityGroups"]
    return dict(found[0])


def allow(way: str, key: str, *rules: dict[str, Any]) -> Make:
    """Rules added; way: ingress or egress."""
    return lambda aws, name: getattr(aws.client("ec2"), f"authorize_security_group_{way}")(
        GroupId=group(aws, name, key)["GroupId"], IpPermissions=[*rules]
    )


def port(number: int) -> dict[str, Any]:
    """A rule for a port and the whole internet."""
    return {**EVERYTHING, "IpProtocol": "tcp", "FromPort": number, "ToPort": number}


def open_the_default_group(aws: Aws, name: str) -> None:
    """To itself, as AWS makes it, and to the internet."""
    itself = {
        "IpProtocol": "-1",
        "UserIdGroupPairs": [{"GroupId": group(aws, name, "")["GroupId"]}],
    }
    allow("ingress", "", itself, port(22))(aws, name)


def bare(permissions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rules without what only describe_* tells."""
    return [{k: v for k, v in rule.items() if v != []} for rule in permissions]


def revoke_rules(aws: Aws, name: str) -> None:
    found = group(aws, name, "elasticache")
    aws.client("ec2").revoke_security_group_ingress(
        GroupId=found["GroupId"], IpPermissions=bare(found["IpPermissions"])
    )


def reword_a_rule(aws: Aws, name: str) -> None:
    found = group(aws, name, "elasticache")
    rules = bare(found["IpPermissions"])
    rules[0]["UserIdGroupPairs"][0]["Description"] = "temporary, ask Bob"
    aws.client("ec2").update_security_group_rule_descriptions_ingress(
        GroupId=found["GroupId"], IpPermissions=rules
    )


def delete_a_group(aws: Aws, name: str) -> None:
    aws.client("ec2").delete_security_group(GroupId=group(aws, name, "bastion")["GroupId"])


def untag_a_group(aws: Aws, name: str) -> None:
    untag(aws, group(aws, name, "eks-cluster")["GroupId"], "Component")


def untag(aws: Aws, resource: str, *keys: str) -> None:
    aws.client("ec2").delete_tags(Resources=[resource], Tags=[{"Key": key} for key in keys])


def untagged(kind: str, suffix: str, *keys: str) -> Make:
    return lambda aws, name: untag(aws, the(aws, kind, name + suffix)[IDS[kind]], *keys)


def take_host_names_away(aws: Aws, name: str) -> None:
    aws.client("ec2").modify_vpc_attribute(
        VpcId=the(aws, "vpcs", name)["VpcId"], EnableDnsHostnames={"Value": False}
    )


def give_public_addresses(aws: Aws, name: str) -> None:
    aws.client("ec2").modify_subnet_attribute(
        SubnetId=the(aws, "subnets", f"{name}-public-1")["SubnetId"],
        MapPublicIpOnLaunch={"Value": True},
    )


def table(aws: Aws, name: str, key: str) -> dict[str, Any]:
    return the(aws, "route_tables", f"{name}-{key}")


def route_deleted(key: str) -> Make:
    return lambda aws, name: aws.client("ec2").delete_route(
        RouteTableId=table(aws, name, key)["RouteTableId"], DestinationCidrBlock=INTERNET
    )


def open_a_private_subnet(aws: Aws, name: str) -> None:
    gateway = the(aws, "internet_gateways", f"{name}-igw")
    aws.client("ec2").replace_route(
        RouteTableId=table(aws, name, "private-1")["RouteTableId"],
        DestinationCidrBlock=INTERNET,
        GatewayId=gateway["InternetGatewayId"],
    )


def association(aws: Aws, name: str) -> dict[str, str]:
    """Which one holds a subnet to its table."""
    (held,) = table(aws, name, "private-2")["Associations"]
    return {"AssociationId": held["RouteTableAssociationId"]}


def move_a_subnet(aws: Aws, name: str) -> None:
    public = table(aws, name, "public")["RouteTableId"]
    aws.client("ec2").replace_route_table_association(**association(aws, name), RouteTableId=public)


def take_a_subnet(aws: Aws, name: str) -> None:
    aws.client("ec2").disassociate_route_table(**association(aws, name))


def endpoint(aws: Aws, name: str, service: str) -> dict[str, str]:
    found = the(aws, "vpc_endpoints", f"{name}-{service}")
    return {"VpcEndpointId": found["VpcEndpointId"]}


def modified(service: str, **how: Any) -> Make:
    """An endpoint changed."""
    return lambda aws, name: aws.client("ec2").modify_vpc_endpoint(
        **endpoint(aws, name, service), **how
    )


def delete_an_endpoint(aws: Aws, name: str) -> None:
    aws.client("ec2").delete_vpc_endpoints(VpcEndpointIds=[*endpoint(aws, name, "sts").values()])


def take_a_zone(aws: Aws, name: str) -> None:
    lost = the(aws, "subnets", f"{name}-private-2")["SubnetId"]
    modified("ecr-api", RemoveSubnetIds=[lost])(aws, name)


def change_an_endpoints_group(aws: Aws, name: str) -> None:
    more, less = (group(aws, name, key)["GroupId"] for key in ("eks-nodes", "endpoints"))
    modified("ecr-api", AddSecurityGroupIds=[more], RemoveSecurityGroupIds=[less])(aws, name)


def take_a_table_from_s3(aws: Aws, name: str) -> None:
    lost = table(aws, name, "private-1")["RouteTableId"]
    modified("s3", RemoveRouteTableIds=[lost])(aws, name)


def flow_log(aws: Aws, name: str) -> str:
    filters = [{"Name": "tag:Name", "Values": [name]}]
    return str(aws.client("ec2").describe_flow_logs(Filter=filters)["FlowLogs"][0]["FlowLogId"])


def delete_flow_log(aws: Aws, name: str) -> None:
    aws.client("ec2").delete_flow_logs(FlowLogIds=[flow_log(aws, name)])


def untag_flow_log(aws: Aws, name: str) -> None:
    untag(aws, flow_log(aws, name), "Project")


def rule(what: str, make: Make, key: str, *repair: str) -> Drift:
    return changed(what, make, f"security group {NAME}-{key}", "rules", *repair)


def changed(what: str, make: Make, resource: str, fields: str, *repair: str) -> Drift:
    """fields: separated by blanks; a tag may have dots and slashes."""
    return Drift(what, make, {resource: fields.split()}, tuple(f"ec2:{call}" for call in repair))


def tags(what: str, kind: str, resource: str, suffix: str, *keys: str) -> Drift:
    """Tags removed from a resource of a Name."""
    fields = " ".join(f"tags.{key}" for key in sorted(keys))
    make = untagged(kind, suffix, *keys)
    return changed(what, make, f"{resource} {NAME}{suffix}", fields, "CreateTags")


REVOKED, REVOKED_OUT = "RevokeSecurityGroupIngress", "RevokeSecurityGroupEgress"
REWORDED, MODIFIED = "UpdateSecurityGroupRuleDescriptionsIngress", "ModifyVpcEndpoint"
ECR, STS, S3 = (
    f"{kind} endpoint {NAME}-{service}"
    for kind, service in (("interface", "ecr-api"), ("interface", "sts"), ("gateway", "s3"))
)
NARROW = '{"Version": "2012-10-17", "Statement": [{}]}'
BALANCERS = "kubernetes.io/role/"

DRIFTS = [
    rule("the database opened", allow("ingress", "rds", port(5432)), "rds", REVOKED),
    rule("Redis let out", allow("egress", "elasticache", port(443)), "elasticache", REVOKED_OUT),
    rule("nodes let out", allow("egress", "eks-nodes", EVERYTHING), "eks-nodes", REVOKED_OUT),
    changed(
        *("the default group opened", open_the_default_group),
        *(f"default security group of {NAME}", "rules", REVOKED),
    ),
    rule("rules revoked", revoke_rules, "elasticache", "AuthorizeSecurityGroupIngress"),
    rule("a rule reworded", reword_a_rule, "elasticache", REWORDED),
    changed(
        *("a group untagged", untag_a_group),
        *(f"security group {NAME}-eks-cluster", "tags.Component", "CreateTags"),
    ),
    changed(
        *("a group deleted", delete_a_group, f"security group {NAME}-bastion", *WHOLE),
        *("CreateSecurityGroup", REVOKED_OUT),
    ),
    tags("the VPC untagged", "vpcs", "vpc", "", "Component"),
    changed(
        *("host names off", take_host_names_away),
        *(f"vpc {NAME}", "dns_hostnames", "ModifyVpcAttribute"),
    ),
    changed(
        *("public addresses given", give_public_addresses, f"subnet {NAME}-public-1"),
        *("map_public_ip_on_launch", "ModifySubnetAttribute"),
    ),
    tags("balancers' tag removed", "subnets", "subnet", "-private-2", f"{BALANCERS}internal-elb"),
    tags(
        *("all but one tag of a subnet removed", "subnets", "subnet", "-public-2"),
        *("Component", "Environment", "Name", "Project", f"{BALANCERS}elb"),
    ),
    changed(
        *("the way out deleted", route_deleted("public")),
        *(f"route table {NAME}-public", "default_route", "CreateRoute"),
    ),
    changed(
        *("a private subnet's way out deleted", route_deleted("private-1")),
        *(f"route table {NAME}-private-1", "default_route", "CreateRoute"),
    ),
    changed(
        *("a private subnet opened", open_a_private_subnet),
        *(f"route table {NAME}-private-1", "default_route", "ReplaceRoute"),
    ),
    changed(
        *("a subnet moved to another table", move_a_subnet),
        *(f"route table {NAME}-private-2", "subnets", "ReplaceRouteTableAssociation"),
    ),
    changed(
        *("a subnet taken from its table", take_a_subnet),
        *(f"route table {NAME}-private-2", "subnets", "AssociateRouteTable"),
    ),
    tags("a table untagged", "route_tables", "route table", "-private-1", "Name"),
    tags("the gateway untagged", "internet_gateways", "internet gateway", "-igw", "Environment"),
    tags(
        *("the NAT gateway untagged", "nat_gateways", "nat gateway", "-nat-us-east-1a"),
        *("Name", "Project"),
    ),
    tags("the address untagged", "addresses", "address", "-nat-us-east-1a", "Name"),
    changed("an endpoint deleted", delete_an_endpoint, STS, *WHOLE, "CreateVpcEndpoint"),
    changed("an endpoint's zone taken", take_a_zone, ECR, "subnets", MODIFIED),
    changed(
        *("an endpoint's group changed", change_an_endpoints_group, ECR, "security_groups"),
        MODIFIED,
    ),
    changed(
        *("private names off", modified("sts", PrivateDnsEnabled=False), STS, "private_dns"),
        MODIFIED,
    ),
    changed(
        *("an endpoint's policy narrowed", modified("sts", PolicyDocument=NARROW), STS),
        *("policy", MODIFIED),
    ),
    changed("the policy of S3 opened", modified("s3", ResetPolicy=True), S3, "policy", MODIFIED),
    changed("a table taken from S3", take_a_table_from_s3, S3, "route_tables", MODIFIED),
    tags("an endpoint untagged", "vpc_endpoints", "gateway endpoint", "-s3", "Component"),
]

FLOW_LOG = [
    changed("the flow log deleted", delete_flow_log, f"flow log {NAME}", *WHOLE, "CreateFlowLogs"),
    changed(
        *("the flow log untagged", untag_flow_log),
        *(f"flow log {NAME}", "tags.Project", "CreateTags"),
    ),
]
