"""A network: made, changed in place, removed; what may reach what; what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from support.emulator import Aws
from support.lifecycle import Life, World
from support.networks import NAME, find, group, network_options


@pytest.fixture
def life(world: World) -> Life:
    """A network with the role's security groups and no NAT gateway."""
    return Life(world, "vpc_network", network_options())


def ingress(aws: Aws, key: str) -> set[tuple[int, str]]:
    """Who may reach a group: (first port, id of a group or block)."""
    return {
        (rule["FromPort"], peer.get("GroupId") or peer.get("CidrIp"))
        for rule in group(aws, key)["IpPermissions"]
        for peer in [*rule["UserIdGroupPairs"], *rule["IpRanges"]]
    }


def egress(aws: Aws, key: str) -> set[tuple[int, str]]:
    """What a group may reach: (first port, id of a group or prefix list, or block)."""
    return {
        (rule["FromPort"], peer.get("GroupId") or peer.get("CidrIp") or peer.get("PrefixListId"))
        for rule in group(aws, key)["IpPermissionsEgress"]
        for peer in [*rule["UserIdGroupPairs"], *rule["IpRanges"], *rule["PrefixListIds"]]
    }


def test_a_network_is_made_and_removed(life: Life) -> None:
    ids = life.settles()["network"]
    assert len(ids["private_subnet_ids"]) == len(ids["public_subnet_ids"]) == 2
    assert set(ids["endpoint_ids"]) == {"s3", "sts", "ecr.api"}
    life.settles("absent")
    life.rests("absent")
    ec2 = life.world.aws.client("ec2")
    assert not [vpc for vpc in ec2.describe_vpcs()["Vpcs"] if not vpc["IsDefault"]]


def test_load_balancers_find_their_subnets_and_nothing_gets_a_public_address(life: Life) -> None:
    ids = life.settles()["network"]
    for tier, role in (("public", "elb"), ("private", "internal-elb")):
        subnets = life.world.aws.client("ec2").describe_subnets(SubnetIds=ids[f"{tier}_subnet_ids"])
        for subnet in subnets["Subnets"]:
            tags = {tag["Key"]: tag["Value"] for tag in subnet["Tags"]}
            assert tags[f"kubernetes.io/role/{role}"] == "1"
            assert subnet["MapPublicIpOnLaunch"] is False


def test_only_nodes_reach_the_data_stores(life: Life) -> None:
    aws, ids = life.world.aws, life.settles()["network"]["security_group_ids"]
    assert ingress(aws, "rds") == {(5432, ids["eks_nodes"])}
    assert ingress(aws, "elasticache") == {(6379, ids["eks_nodes"])}
    assert ingress(aws, "endpoints") == {(443, ids["eks_nodes"])}
    for key in ("rds", "elasticache", "endpoints", "bastion"):
        assert egress(aws, key) == set()
    assert ingress(aws, "bastion") == set()


def test_nodes_reach_what_they_need_and_not_the_internet(life: Life) -> None:
    aws, ids = life.world.aws, life.settles()["network"]["security_group_ids"]
    named = {"Name": "prefix-list-name", "Values": ["com.amazonaws.us-east-1.s3"]}
    (s3,) = aws.client("ec2").describe_prefix_lists(Filters=[named])["PrefixLists"]
    assert egress(aws, "eks_nodes") == {
        (443, ids["eks_cluster"]),
        (443, ids["endpoints"]),
        (443, s3["PrefixListId"]),
        (5432, ids["rds"]),
        (6379, ids["elasticache"]),
        (53, ids["eks_nodes"]),
        (1025, ids["eks_nodes"]),
    }


def test_every_group_and_rule_says_what_it_is_for(life: Life) -> None:
    life.settles()
    groups = life.world.aws.client("ec2").describe_security_groups(
        Filters=[{"Name": "tag:Project", "Values": ["ragops"]}]
    )["SecurityGroups"]
    assert len(groups) == 7
    for found in groups:
        assert found["Description"]
        for rule in [*found["IpPermissions"], *found["IpPermissionsEgress"]]:
            for peer in [*rule["UserIdGroupPairs"], *rule["IpRanges"], *rule["PrefixListIds"]]:
                assert peer["Description"]
    (default,) = [found for found in groups if found["GroupName"] == "default"]
    assert default["IpPermissions"] == default["IpPermissionsEgress"] == []


def test_endpoints_answer_privately_in_every_zone(life: Life) -> None:
    life.options["endpoint_policies"] = {"s3": {"Version": "2012-10-17", "Statement": []}}
    ids = life.settles()["network"]
    for endpoint in find(life.world.aws, "vpc_endpoints", "VpcEndpoints"):
        if endpoint["ServiceName"].endswith(".s3"):
            assert set(endpoint["RouteTableIds"]) == set(ids["route_table_ids"])
            assert endpoint["PolicyDocument"] == '{"Version": "2012-10-17", "Statement": []}'
        else:
            assert set(endpoint["SubnetIds"]) == set(ids["private_subnet_ids"])
            assert endpoint["PrivateDnsEnabled"] is True
            groups = [item["GroupId"] for item in endpoint["Groups"]]
            assert groups == [ids["security_group_ids"]["endpoints"]]


def test_nat_gateways_come_and_go(life: Life) -> None:
    ec2 = life.world.aws.client("ec2")
    life.options["nat"] = "one_per_az"
    assert len(life.settles()["network"]["nat_gateway_ids"]) == 2
    assert len(ec2.describe_addresses()["Addresses"]) == 2
    life.options["nat"] = "single"
    assert len(life.settles()["network"]["nat_gateway_ids"]) == 1
    assert len(ec2.describe_addresses()["Addresses"]) == 1
    life.options["nat"] = "none"
    assert life.settles()["network"]["nat_gateway_ids"] == []
    assert ec2.describe_addresses()["Addresses"] == []


def test_a_zone_an_endpoint_a_group_and_a_flow_come_and_go_in_place(life: Life) -> None:
    before = life.settles()["network"]
    life.options["availability_zones"] = ["us-east-1a", "us-east-1b", "us-east-1c"]
    after = life.settles()["network"]
    assert after["private_subnet_ids"][:2] == before["private_subnet_ids"]
    assert len(after["private_subnet_ids"]) == len(after["public_subnet_ids"]) == 3
    (sts,) = [
        item
        for item in find(life.world.aws, "vpc_endpoints", "VpcEndpoints")
        if item["ServiceName"].endswith(".sts")
    ]
    assert set(sts["SubnetIds"]) == set(after["private_subnet_ids"])
    life.options["interface_endpoints"] = ["ecr.api", "logs"]
    ids = life.settles()["network"]["endpoint_ids"]
    assert set(ids) == {"s3", "ecr.api", "logs"}
    assert ids["ecr.api"] == before["endpoint_ids"]["ecr.api"]
    extra = {"key": "reports", "description": "Reports"}
    flow = {"from": "reports", "to": "rds", "ports": "5432", "description": "Reports"}
    groups, flows = life.options["security_groups"], life.options["flows"]
    life.options |= {"security_groups": [*groups, extra], "flows": [*flows, flow]}
    assert "reports" in life.settles()["network"]["security_group_ids"]
    life.options |= {"security_groups": groups, "flows": flows}
    assert "reports" not in life.settles()["network"]["security_group_ids"]
    with pytest.raises(IndexError):
        group(life.world.aws, "reports")
    life.settles("absent")


def test_rules_of_the_load_balancer_controller_are_left_alone(life: Life) -> None:
    ids = life.settles()["network"]
    ec2 = life.world.aws.client("ec2")
    made = ec2.create_security_group(
        GroupName="k8s-traffic-ragopstest-1", Description="shared", VpcId=ids["vpc_id"]
    )["GroupId"]
    ec2.create_tags(Resources=[made], Tags=[{"Key": "elbv2.k8s.aws/cluster", "Value": NAME}])
    text = "elbv2.k8s.aws/targetGroupBinding=shared"
    rule = {
        "IpProtocol": "tcp",
        "FromPort": 3000,
        "ToPort": 8000,
        "UserIdGroupPairs": [{"GroupId": made, "Description": text}],
    }
    nodes = ids["security_group_ids"]["eks_nodes"]
    ec2.authorize_security_group_ingress(GroupId=nodes, IpPermissions=[rule])
    life.rests()
    life.settles("absent")  # the controller's group goes, too
    with pytest.raises(IndexError):
        group(life.world.aws, "k8s-traffic-ragopstest-1", prefix="")


def test_what_a_killed_run_left_is_taken_up(life: Life) -> None:
    """An address and a gateway that were made before the run could use them."""
    ec2 = life.world.aws.client("ec2")

    def tagged(kind: str, name: str) -> list[dict[str, Any]]:
        tags = [{"Key": key, "Value": value} for key, value in life.options["tags"].items()]
        return [{"ResourceType": kind, "Tags": [*tags, {"Key": "Name", "Value": name}]}]

    for _ in range(2):
        ec2.allocate_address(
            Domain="vpc", TagSpecifications=tagged("elastic-ip", f"{NAME}-nat-us-east-1a")
        )
        ec2.create_internet_gateway(TagSpecifications=tagged("internet-gateway", f"{NAME}-igw"))
    life.options["nat"] = "single"
    life.settles()
    assert len(ec2.describe_addresses()["Addresses"]) == 1
    ours = [{"Name": "tag:Name", "Values": [f"{NAME}-igw"]}]
    assert len(ec2.describe_internet_gateways(Filters=ours)["InternetGateways"]) == 1


def test_without_a_vpc_removal_takes_what_is_left(life: Life) -> None:
    ec2 = life.world.aws.client("ec2")
    tags = [{"Key": key, "Value": value} for key, value in life.options["tags"].items()]
    named = [*tags, {"Key": "Name", "Value": f"{NAME}-nat-us-east-1a"}]
    ec2.allocate_address(
        Domain="vpc", TagSpecifications=[{"ResourceType": "elastic-ip", "Tags": named}]
    )
    life.settles("absent")
    assert ec2.describe_addresses()["Addresses"] == []


REFUSED_AT_ONCE: list[tuple[dict[str, Any], str]] = [
    ({"cidr_block": "10.20.0.0/24"}, "10.20.0.0/24 is too small"),
    ({"cidr_block": "10.0.0.0/8"}, "between /16 and /28"),
    ({"availability_zones": ["us-east-1a"]}, "must be 2 or 3 different zones"),
    ({"public_subnet_cidrs": ["10.20.0.0/24"]}, "1 blocks for 2 availability zones"),
    ({"private_subnet_cidrs": ["10.21.0.0/24", "10.20.1.0/24"]}, "outside the VPC"),
    ({"private_subnet_cidrs": ["10.20.0.0/20", "10.20.8.0/24"]}, "overlaps"),
    ({"tags": {"Project": "ragops"}}, "tags lacks Environment"),
    ({"interface_endpoints": ["s3"]}, "Move it there"),
    ({"endpoint_group": "nobody"}, "needs a security group nobody"),
    ({"endpoint_policies": {"kms": {}}}, "for which there is no endpoint"),
    (
        {"security_groups": [], "interface_endpoints": []},
        "from or to must be a security group",
    ),
]


@pytest.mark.parametrize(("options", "says"), REFUSED_AT_ONCE)
def test_what_cannot_be_is_refused(life: Life, options: dict[str, Any], says: str) -> None:
    quiet = life.world.mutations()
    wanted = {**life.options, **options}
    assert says in life.world.run(life.module, wanted, fails=True)["msg"]
    assert life.world.mutations() == quiet


def test_what_aws_cannot_change_is_refused_before_anything_is_sent(life: Life) -> None:
    ids = life.settles()["network"]
    ec2 = life.world.aws.client("ec2")
    ec2.create_subnet(VpcId=ids["vpc_id"], CidrBlock="10.20.100.0/24")
    groups = life.options["security_groups"]
    told = [{**groups[0], "description": "Another text"}, *groups[1:]]
    blocks = ["10.20.0.0/20", "10.20.64.0/20"]
    taken = ["10.20.200.0/24", "10.20.201.0/24"]
    quiet = life.world.mutations()
    for options, says in (
        ({"cidr_block": "10.30.0.0/16"}, "Keep cidr_block 10.20.0.0/16, or destroy"),
        ({"availability_zones": ["us-east-1b", "us-east-1a"]}, "AWS cannot move it"),
        ({"private_subnet_cidrs": blocks}, "has 10.20.16.0/20, not 10.20.64.0/20"),
        ({"public_subnet_cidrs": taken}, "AWS cannot change it. Keep the block in public"),
        ({"security_groups": told}, "Keep the description, or give the group another key"),
    ):
        for check in (True, False):
            wanted = {**life.options, **options}
            message = life.world.run(life.module, wanted, fails=True, check=check)["msg"]
            assert says in message
            assert "Nothing was changed." in message
    assert life.world.mutations() == quiet


def test_a_zone_is_not_taken_from_under_what_runs_there(life: Life) -> None:
    zones = life.options["availability_zones"]
    life.options["availability_zones"] = [*zones, "us-east-1c"]
    life.settles()
    fewer = {**life.options, "availability_zones": zones}
    assert "Put the zone back" in life.world.run(life.module, fewer, fails=True)["msg"]


def test_anothers_subnet_in_the_way_is_named(life: Life) -> None:
    ids = life.settles()["network"]
    life.world.aws.client("ec2").create_subnet(VpcId=ids["vpc_id"], CidrBlock="10.20.32.0/24")
    zones = [*life.options["availability_zones"], "us-east-1c"]
    wanted = {**life.options, "availability_zones": zones}
    message = life.world.run(life.module, wanted, fails=True)["msg"]
    assert "10.20.32.0/20 overlaps" in message
    assert "somebody else created" in message


def test_two_networks_of_one_name_are_nobodys_to_choose(life: Life) -> None:
    ec2 = life.world.aws.client("ec2")
    tags = {**life.options["tags"], "Name": NAME}
    listed = [{"Key": key, "Value": value} for key, value in tags.items()]
    for _ in range(2):
        vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
        ec2.create_tags(Resources=[vpc], Tags=listed)
    message = life.world.run(life.module, life.options, fails=True)["msg"]
    assert "There are 2 VPCs named" in message
