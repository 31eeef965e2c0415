"""What others made with the company's tags, another tool's or none: neither taken nor removed."""

from __future__ import annotations

import re

import pytest
from support.lifecycle import TAGS, World
from support.look_alikes import BASTION, KINDS, OWN
from support.networks import NAME, network_options

LOOK_ALIKES: dict[str, dict[str, str]] = {
    "none": {},
    "terraform": {**TAGS, "ManagedBy": "terraform"},
}


def tag_list(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


@pytest.fixture(params=LOOK_ALIKES)
def tags(request: pytest.FixtureRequest) -> dict[str, str]:
    return LOOK_ALIKES[request.param]


def test_each_kind_is_refused_before_anything_is_sent(world: World, tags: dict[str, str]) -> None:
    """By a plan, by a run and by a removal: the account stays as it was."""
    kinds = {name: kind for name, kind in KINDS.items() if tags or not kind.service_made}
    wishes = {name: kind.options(world.aws) for name, kind in kinds.items()}
    for kind in kinds.values():
        kind.make(world.aws, tags)
    quiet = world.mutations()
    for name, kind in kinds.items():
        for more, check in (({}, True), ({}, False), ({"state": "absent"}, False)):
            answer = world.run(kind.module, {**wishes[name], **more}, check=check, fails=True)
            said = (
                r"belongs to somebody else: it is tagged .* Rename it|is not removed: it is tagged"
            )
            assert re.search(said, answer["msg"]), (name, more, answer["msg"])
    # The queue is made before the rules, which others may have.
    assert world.mutations() == quiet


def test_an_instance_of_the_bastions_name(world: World, tags: dict[str, str]) -> None:
    """Refused before the profile is made; untagged it may stand beside ours."""
    ec2 = world.aws.client("ec2")
    named = [{"ResourceType": "instance", "Tags": tag_list({**tags, "Name": BASTION["name"]})}]
    how = {"ImageId": "ami-12345678", "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1}
    made = ec2.run_instances(**how, TagSpecifications=named)["Instances"][0]["InstanceId"]
    quiet, options = world.mutations(), {**BASTION, "tags": OWN}
    for check in (True, False) if tags else ():
        message = world.run("ec2_bastion", options, check=check, fails=True)["msg"]
        assert f"instance {NAME}-bastion ({made}) belongs to somebody else" in message
    foreseen = {} if tags else world.run("ec2_bastion", options, check=True)["diff"]
    assert foreseen.get("before", {}) == {}
    assert world.run("ec2_bastion", {**options, "state": "absent"})["changed"] is False
    assert world.mutations() == quiet


def test_the_first_look_names_the_vpc_and_the_key(world: World, tags: dict[str, str]) -> None:
    """Untagged, a VPC may stand beside ours; a key behind our alias may not."""
    KINDS["key"].make(world.aws, tags)
    named = [{"ResourceType": "vpc", "Tags": tag_list({**tags, "Name": NAME})}]
    vpc = world.aws.client("ec2").create_vpc(CidrBlock="10.20.0.0/16", TagSpecifications=named)
    asked = {
        **{"project": "ragops", "environment": "test"},
        "neighbours": [{"component": "rds", "maker": "network"}],
    }
    told = world.run("platform_account_info", asked)
    label = f"VPC {NAME} ({vpc['Vpc']['VpcId']})"
    wanted = [label, f"KMS key alias/{NAME}"] if tags else [f"KMS key alias/{NAME}"]
    said = [text.partition(" belongs to somebody else")[0] for text in told["problems"]]
    assert said == [f"platform_name: {each}" for each in wanted]
    assert told["missing"], "another's VPC is no network of ours"


def test_the_first_look_names_all_that_has_a_name_of_ours(
    world: World, tags: dict[str, str]
) -> None:
    """By kind, all of it at once; what is ours or not there is no problem."""
    names = {
        "bucket": f"{NAME}-documents-{{account}}",
        "cache": NAME,
        "cluster": NAME,
        "database": NAME,
        "repository": f"{NAME}/backend",
        "role": f"{NAME}-rds-monitoring",
        "secret": f"{NAME}/token",
    }
    asked = {
        **{"project": "ragops", "environment": "test"},
        "names": [
            {"component": "x", "kind": kind, "name": name.replace(NAME, how)}
            for how in ("free", NAME)
            for kind, name in names.items()
        ],
    }
    for kind in names:
        KINDS[kind].make(world.aws, tags)
    problems = world.run("platform_account_info", asked)["problems"]
    said = [text.partition(" belongs to somebody else")[0] for text in problems]
    filled = [name.replace("{account}", "0" * 12) for name in names.values()]
    assert [text.rsplit(" ", 1)[1] for text in said] == filled
    proof = "Project=ragops,Environment=test,Component=x,ManagedBy=ragops.platform"
    assert all(f"--tags {proof})" in text for text in problems)
    world.aws.reset()
    for kind in names:
        KINDS[kind].make(world.aws, OWN)
    assert world.run("platform_account_info", asked)["problems"] == []


def test_the_first_look_passes_an_alias_that_leads_away_from_our_key(world: World) -> None:
    """Role kms moves it back."""
    KINDS["key"].make(world.aws, LOOK_ALIKES["terraform"])
    ours = [{"TagKey": key, "TagValue": value} for key, value in OWN.items()]
    world.aws.client("kms").create_key(Tags=ours)
    asked = {"project": "ragops", "environment": "test"}
    assert world.run("platform_account_info", asked)["problems"] == []


def test_the_first_look_counts_only_what_is_ours(world: World) -> None:
    """Another's subnet of our name says no zone, another's address is one of theirs."""
    ec2, theirs = world.aws.client("ec2"), LOOK_ALIKES["terraform"]
    vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
    for kind, make, name in (
        ("subnet", ec2.create_subnet, f"{NAME}-private-1"),
        ("elastic-ip", ec2.allocate_address, f"{NAME}-nat-us-east-1a"),
    ):
        where = {"VpcId": vpc, "CidrBlock": "10.20.0.0/20", "AvailabilityZone": "us-east-1c"}
        make(
            **(where if kind == "subnet" else {"Domain": "vpc"}),
            TagSpecifications=[{"ResourceType": kind, "Tags": tag_list({**theirs, "Name": name})}],
        )
    for _ in range(4):
        ec2.allocate_address(Domain="vpc")
    asked = {
        **{"project": "ragops", "environment": "test"},
        "network": {"zone_count": 2, "nat": "single"},
    }
    told = world.run("platform_account_info", asked)
    assert told["availability_zones"] == ["us-east-1a", "us-east-1b"]
    (problem,) = told["problems"]
    assert "The account may have 5 in us-east-1, of which 5 are used for other purposes" in problem


def test_a_vpc_of_the_joined_name(world: World, tags: dict[str, str]) -> None:
    ec2 = world.aws.client("ec2")
    named = [{"ResourceType": "vpc", "Tags": tag_list({**tags, "Name": NAME})}]
    ec2.create_vpc(CidrBlock="10.20.0.0/16", TagSpecifications=named)
    vpcs = len(ec2.describe_vpcs()["Vpcs"])
    options = network_options()
    if tags:
        for check in (True, False):
            message = world.run("vpc_network", options, check=check, fails=True)["msg"]
            assert "belongs to somebody else" in message
    # To take the network away is to leave theirs alone: AWS lets several VPCs have one name.
    gone = world.run("vpc_network", {**options, "state": "absent"})
    assert gone["changed"] is False
    assert len(ec2.describe_vpcs()["Vpcs"]) == vpcs


def test_the_vpc_of_a_platform_whose_joined_name_is_the_same(world: World) -> None:
    """ragops + dev-blue and ragops-dev + blue: AWS lets both VPCs have the name."""
    other = {**OWN, "Project": "ragops-test", "Environment": "blue"}
    options = {**network_options(), "name": "ragops-test-blue"}
    options["tags"] = {**options["tags"], "Environment": "test-blue"}
    named = tag_list({**other, "Name": options["name"]})
    world.aws.client("ec2").create_vpc(
        CidrBlock="10.20.0.0/16", TagSpecifications=[{"ResourceType": "vpc", "Tags": named}]
    )
    quiet = world.mutations()
    for check in (True, False):
        message = world.run("vpc_network", options, check=check, fails=True)["msg"]
        assert (
            "belongs to somebody else: it is tagged Project=ragops-test, Environment=blue"
            in message
        )
    assert world.run("vpc_network", {**options, "state": "absent"})["changed"] is False
    assert world.mutations() == quiet


def test_a_subnet_in_our_vpc(world: World, tags: dict[str, str]) -> None:
    """It has the block of one of ours, which a run that was killed had not made yet."""
    ec2 = world.aws.client("ec2")
    options = network_options()
    own = tag_list({**options["tags"], "Name": NAME})
    vpc = ec2.create_vpc(
        CidrBlock="10.20.0.0/16", TagSpecifications=[{"ResourceType": "vpc", "Tags": own}]
    )["Vpc"]["VpcId"]
    theirs = [{"ResourceType": "subnet", "Tags": tag_list(tags)}] if tags else []
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.20.0.0/20", TagSpecifications=theirs)[
        "Subnet"
    ]["SubnetId"]
    gateways = ec2.describe_internet_gateways()["InternetGateways"]
    message = world.run("vpc_network", options, fails=True)["msg"]
    assert f"({subnet}) in VPC {vpc} belongs to somebody else" in message
    inside = [{"Name": "vpc-id", "Values": [vpc]}]
    assert len(ec2.describe_subnets(Filters=inside)["Subnets"]) == 1
    assert ec2.describe_internet_gateways()["InternetGateways"] == gateways


def test_what_platform_info_and_the_sweep_say(world: World, tags: dict[str, str]) -> None:
    """None of it is the platform's: named where ours can't stand beside it, else passed over."""
    ec2 = world.aws.client("ec2")
    how = [{"ResourceType": "vpc", "Tags": tag_list(tags)}] if tags else []
    ec2.create_vpc(CidrBlock="10.30.0.0/16", TagSpecifications=how)
    for kind in KINDS.values():
        if tags or not kind.service_made:
            kind.make(world.aws, tags)
    which = {"project": "ragops", "environment": "test"}
    beside = ["iam", "kms", "logs", "network", "secrets"]
    read = world.run("platform_info", {**which, "components": beside})
    assert set(read["found"]) <= {"logs"}, read["resources"]
    for component in ("ecr", "eks", "elasticache", "rds", "s3"):
        options = {**which, "components": [component]}
        message = world.run("platform_info", options, fails=True)["msg"]
        assert "exists, but its tags are not Project=ragops" in message, component
    assert world.run("platform_sweep", which)["left"] == []
