"""The Auto Scaling groups of node groups, and who may resize them, asked over the wire."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from support.emulator import Aws, adjusted

CLUSTER = "ragops-test"
OWNED = f"kubernetes.io/cluster/{CLUSTER}"


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    with adjusted(tmp_path_factory.mktemp("scaling") / "requests.jsonl") as served:
        yield served


@pytest.fixture
def template(aws: Aws) -> dict[str, str]:
    """An empty account's launch template, which tags instances."""
    aws.reset()
    tags = [{"Key": "Project", "Value": "ragops"}]
    made = aws.client("ec2").create_launch_template(
        LaunchTemplateName="nodes",
        LaunchTemplateData={"TagSpecifications": [{"ResourceType": "instance", "Tags": tags}]},
    )["LaunchTemplate"]
    return {"id": made["LaunchTemplateId"], "version": "1"}


@pytest.fixture
def group(aws: Aws, template: dict[str, str]) -> str:
    """The group of a node group of two, four at most, in two zones."""
    ec2, eks = aws.client("ec2"), aws.client("eks")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(
            VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"us-east-1{zone}"
        )["Subnet"]["SubnetId"]
        for number, zone in enumerate("ab")
    ]
    role = "arn:aws:iam::000000000000:role/nodes"
    eks.create_cluster(name=CLUSTER, roleArn=role, resourcesVpcConfig={"subnetIds": subnets})
    made = eks.create_nodegroup(
        clusterName=CLUSTER,
        nodegroupName="main",
        nodeRole=role,
        subnets=subnets,
        instanceTypes=["m6i.large"],
        scalingConfig={"minSize": 1, "maxSize": 4, "desiredSize": 2},
        launchTemplate=template,
    )["nodegroup"]
    return str(made["resources"]["autoScalingGroups"][0]["name"])


def groups(aws: Aws, *marks: str) -> list[dict[str, Any]]:
    """The groups that carry tags with these keys."""
    filters = [{"Name": "tag-key", "Values": [mark]} for mark in marks]
    found: list[dict[str, Any]] = aws.client("autoscaling").describe_auto_scaling_groups(
        Filters=filters
    )["AutoScalingGroups"]
    return found


def instances(aws: Aws) -> list[dict[str, Any]]:
    """The instances that run."""
    filters = [{"Name": "instance-state-name", "Values": ["running"]}]
    pages = aws.client("ec2").describe_instances(Filters=filters)["Reservations"]
    return [each for page in pages for each in page["Instances"]]


def scaling(aws: Aws) -> dict[str, int]:
    found: dict[str, int] = aws.client("eks").describe_nodegroup(
        clusterName=CLUSTER, nodegroupName="main"
    )["nodegroup"]["scalingConfig"]
    return found


def test_a_node_group_has_a_group_that_is_found_by_its_tags(aws: Aws, group: str) -> None:
    [found] = groups(aws, f"k8s.io/cluster-autoscaler/{CLUSTER}", "eks:nodegroup-name")
    assert found["AutoScalingGroupName"] == group
    assert (found["MinSize"], found["DesiredCapacity"], found["MaxSize"]) == (1, 2, 4)
    assert [each["AvailabilityZone"][-1] for each in found["Instances"]] == ["a", "b"]
    assert instances(aws) == [], "the world's nodes stand for the first ones"
    assert groups(aws, "k8s.io/cluster-autoscaler/another") == []
    assert len(groups(aws)) == 1


def test_what_is_asked_for_later_is_an_instance(aws: Aws, group: str) -> None:
    aws.client("autoscaling").set_desired_capacity(AutoScalingGroupName=group, DesiredCapacity=4)
    started = instances(aws)
    assert sorted(each["Placement"]["AvailabilityZone"][-1] for each in started) == ["a", "b"]
    for each in started:
        tags = {tag["Key"]: tag["Value"] for tag in each["Tags"]}
        assert (tags[OWNED], tags["Project"], each["InstanceType"]) == (
            "owned",
            "ragops",
            "m6i.large",
        )
        told = aws.client("ec2").describe_instance_attribute(
            InstanceId=each["InstanceId"], Attribute="userData"
        )
        assert told["UserData"]["Value"]
    members = {each["InstanceId"] for each in groups(aws)[0]["Instances"]}
    assert {each["InstanceId"] for each in started} < members
    assert scaling(aws)["desiredSize"] == 4


@pytest.mark.parametrize(("size", "words"), [(5, "above max value 4"), (0, "below min value 1")])
def test_a_size_beyond_the_bounds_is_refused(aws: Aws, group: str, size: int, words: str) -> None:
    with pytest.raises(ClientError, match=words):
        aws.client("autoscaling").set_desired_capacity(
            AutoScalingGroupName=group, DesiredCapacity=size
        )
    assert scaling(aws)["desiredSize"] == 2


def test_an_instance_that_ends_makes_its_group_smaller(aws: Aws, group: str) -> None:
    client = aws.client("autoscaling")
    client.set_desired_capacity(AutoScalingGroupName=group, DesiredCapacity=3)
    [started] = instances(aws)
    client.terminate_instance_in_auto_scaling_group(
        InstanceId=started["InstanceId"], ShouldDecrementDesiredCapacity=True
    )
    assert instances(aws) == []
    assert scaling(aws)["desiredSize"] == 2
    # Without that, another one takes its place.
    client.set_desired_capacity(AutoScalingGroupName=group, DesiredCapacity=3)
    [second] = instances(aws)
    client.terminate_instance_in_auto_scaling_group(
        InstanceId=second["InstanceId"], ShouldDecrementDesiredCapacity=False
    )
    [third] = instances(aws)
    assert third["InstanceId"] != second["InstanceId"]


def test_no_group_gets_smaller_than_its_bound(aws: Aws, group: str) -> None:
    client = aws.client("autoscaling")
    client.set_desired_capacity(AutoScalingGroupName=group, DesiredCapacity=1)
    [last] = groups(aws)[0]["Instances"]
    with pytest.raises(ClientError, match="violate group's min size"):
        client.terminate_instance_in_auto_scaling_group(
            InstanceId=last["InstanceId"], ShouldDecrementDesiredCapacity=True
        )
    with pytest.raises(ClientError, match="No managed instance found"):
        client.terminate_instance_in_auto_scaling_group(
            InstanceId="i-0123456789abcdef0", ShouldDecrementDesiredCapacity=True
        )


def test_bounds_of_the_node_group_are_the_groups(aws: Aws, group: str) -> None:
    aws.client("eks").update_nodegroup_config(
        clusterName=CLUSTER, nodegroupName="main", scalingConfig={"minSize": 3, "maxSize": 6}
    )
    [found] = groups(aws)
    assert found["AutoScalingGroupName"] == group
    assert (found["MinSize"], found["DesiredCapacity"], found["MaxSize"]) == (3, 3, 6)
    assert len(instances(aws)) == 1


def test_instances_go_with_their_node_group(aws: Aws, group: str) -> None:
    aws.client("autoscaling").set_desired_capacity(AutoScalingGroupName=group, DesiredCapacity=4)
    assert len(instances(aws)) == 2
    assert len(aws.client("ec2").describe_volumes()["Volumes"]) == 2
    aws.client("eks").delete_nodegroup(clusterName=CLUSTER, nodegroupName="main")
    assert instances(aws) == []
    assert aws.client("ec2").describe_volumes()["Volumes"] == [], "disks go with their instances"
    assert groups(aws) == []
