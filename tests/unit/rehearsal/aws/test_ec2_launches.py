"""The emulated EC2 launches for a controller as AWS does, and says what there is to launch."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from support.emulator import Aws

from rehearsal.cluster.node import SPARE

TAGS = [{"Key": "karpenter.sh/nodepool", "Value": "general"}]


@pytest.fixture
def ec2(aws: Aws) -> Any:
    return aws.client("ec2")


@pytest.fixture
def subnet(ec2: Any) -> str:
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    made = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.1.0/24", AvailabilityZone="us-east-1c")
    return str(made["Subnet"]["SubnetId"])


@pytest.fixture
def group(ec2: Any, subnet: str) -> str:
    vpc = ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["VpcId"]
    made = ec2.create_security_group(GroupName="nodes", Description="d", VpcId=vpc)
    return str(made["GroupId"])


@pytest.fixture
def template(ec2: Any, group: str) -> str:
    ec2.create_launch_template(
        LaunchTemplateName="made/1",
        LaunchTemplateData={
            "ImageId": "ami-0123456789abcdef0",
            "UserData": base64.b64encode(b"NodeConfig").decode(),
            "NetworkInterfaces": [{"DeviceIndex": 0, "Groups": [group]}],
            "BlockDeviceMappings": [
                {
                    "DeviceName": "/dev/xvda",
                    "Ebs": {"VolumeSize": 50, "Encrypted": True, "KmsKeyId": "alias/disks"},
                }
            ],
            "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
        },
    )
    return "made/1"


def fleet(template: str, subnet: str, capacity: str = "on-demand") -> dict[str, Any]:
    """A request for one instance of two types that would do."""
    overrides = [
        {"InstanceType": kind, "SubnetId": subnet, "AvailabilityZone": "us-east-1c"}
        for kind in ("m6i.large", "c6i.large")
    ]
    specification = {"LaunchTemplateName": template, "Version": "$Latest"}
    return {
        "Type": "instant",
        "LaunchTemplateConfigs": [
            {"LaunchTemplateSpecification": specification, "Overrides": overrides}
        ],
        "TargetCapacitySpecification": {
            "TotalTargetCapacity": 1,
            "DefaultTargetCapacityType": capacity,
        },
        "TagSpecifications": [
            {"ResourceType": kind, "Tags": TAGS} for kind in ("instance", "volume", "fleet")
        ],
    }


def every(ec2: Any) -> list[dict[str, Any]]:
    return [
        each
        for reservation in ec2.describe_instances()["Reservations"]
        for each in reservation["Instances"]
    ]


@pytest.mark.parametrize("capacity", ["on-demand", "spot"])
def test_a_fleet_is_made_of_the_cheapest_and_as_its_template_says(
    ec2: Any, template: str, subnet: str, group: str, capacity: str
) -> None:
    (made,) = ec2.create_fleet(**fleet(template, subnet, capacity))["Instances"]
    assert made["LaunchTemplateAndOverrides"]["Overrides"] == {
        "InstanceType": "c6i.large",
        "SubnetId": subnet,
        "AvailabilityZone": "us-east-1c",
    }
    (instance,) = every(ec2)
    assert [instance["InstanceId"]] == made["InstanceIds"]
    assert instance["InstanceType"] == "c6i.large"
    assert instance["Placement"]["AvailabilityZone"] == "us-east-1c"
    assert instance["Placement"]["AvailabilityZoneId"]
    assert [each["GroupId"] for each in instance["SecurityGroups"]] == [group]
    assert instance["MetadataOptions"]["HttpTokens"] == "required"
    assert "PublicIpAddress" not in instance
    assert instance["Tags"] == TAGS
    assert instance.get("InstanceLifecycle") == ("spot" if capacity == "spot" else None)
    assert ("SpotInstanceRequestId" in instance) is (capacity == "spot")
    (volume,) = ec2.describe_volumes(
        VolumeIds=[instance["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]]
    )["Volumes"]
    assert (volume["Size"], volume["Encrypted"], volume["KmsKeyId"]) == (50, True, "alias/disks")
    assert (volume["AvailabilityZone"], volume["Tags"]) == ("us-east-1c", TAGS)
    told = ec2.describe_instance_attribute(InstanceId=instance["InstanceId"], Attribute="userData")
    assert base64.b64decode(told["UserData"]["Value"]) == b"NodeConfig"


def test_there_is_capacity_for_as_many_nodes_as_the_world_has(
    ec2: Any, template: str, subnet: str
) -> None:
    asked = fleet(template, subnet)
    owned = {"Key": "kubernetes.io/cluster/ragops-test", "Value": "owned"}
    for each in asked["TagSpecifications"]:
        each["Tags"] = [*TAGS, owned]
    for _ in SPARE:
        assert ec2.create_fleet(**asked)["Instances"]
    refused = ec2.create_fleet(**asked)
    assert refused["Instances"] == []
    assert {each["ErrorCode"] for each in refused["Errors"]} == {"InsufficientInstanceCapacity"}
    kinds = [
        each["LaunchTemplateAndOverrides"]["Overrides"]["InstanceType"]
        for each in refused["Errors"]
    ]
    assert kinds == ["m6i.large", "c6i.large"]
    ec2.terminate_instances(InstanceIds=[every(ec2)[0]["InstanceId"]])
    assert ec2.create_fleet(**asked)["Instances"]


def test_a_dry_run_does_nothing(ec2: Any, template: str, subnet: str) -> None:
    with pytest.raises(ClientError, match="DryRunOperation"):
        ec2.create_fleet(**fleet(template, subnet), DryRun=True)
    assert every(ec2) == []


def test_a_template_that_is_not_there_is_refused(ec2: Any, template: str) -> None:
    (found,) = ec2.describe_launch_templates(LaunchTemplateNames=[template])["LaunchTemplates"]
    assert found["LaunchTemplateName"] == template
    with pytest.raises(ClientError, match=r"InvalidLaunchTemplateName.NotFoundException.*made/2"):
        ec2.describe_launch_templates(LaunchTemplateNames=[template, "made/2"])
    ec2.delete_launch_template(LaunchTemplateId=found["LaunchTemplateId"])
    with pytest.raises(ClientError, match=r"InvalidLaunchTemplateId.NotFound\)"):
        ec2.delete_launch_template(LaunchTemplateId=found["LaunchTemplateId"])


def test_groups_are_found_by_id(ec2: Any, group: str) -> None:
    def found(*ids: str) -> list[str]:
        named = [{"Name": "group-id", "Values": list(ids)}]
        told = ec2.describe_security_groups(Filters=named)["SecurityGroups"]
        return [each["GroupId"] for each in told]

    assert found(group, "sg-0123456789abcdef0") == [group]
    assert found("sg-0123456789abcdef0") == []


def test_a_new_state_is_told_to_who_asked_for_it(aws: Aws, ec2: Any) -> None:
    sqs, events = aws.client("sqs"), aws.client("events")
    queue = sqs.create_queue(QueueName="warnings")["QueueUrl"]
    about = {"QueueUrl": queue, "AttributeNames": ["QueueArn"]}
    arn = sqs.get_queue_attributes(**about)["Attributes"]["QueueArn"]
    kind = "EC2 Instance State-change Notification"
    pattern = json.dumps({"source": ["aws.ec2"], "detail-type": [kind]})
    events.put_rule(Name="states", EventPattern=pattern)
    events.put_targets(Rule="states", Targets=[{"Id": "queue", "Arn": arn}])
    (instance,) = ec2.run_instances(ImageId="ami-0", MinCount=1, MaxCount=1)["Instances"]
    ec2.terminate_instances(InstanceIds=[instance["InstanceId"]])
    messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    told = [json.loads(each["Body"]) for each in messages]
    assert sorted(each["detail"]["state"] for each in told) == ["running", "terminated"]
    assert {each["detail"]["instance-id"] for each in told} == {instance["InstanceId"]}
    assert {each["detail-type"] for each in told} == {kind}


def test_types_have_their_figures_and_prices(aws: Aws, ec2: Any) -> None:
    (told,) = ec2.describe_instance_types(InstanceTypes=["m6i.xlarge"])["InstanceTypes"]
    assert (told["VCpuInfo"]["DefaultVCpus"], told["MemoryInfo"]["SizeInMiB"]) == (4, 16384)
    assert told["NetworkInfo"]["MaximumNetworkInterfaces"] == 4
    known = {each["InstanceType"] for each in ec2.describe_instance_types()["InstanceTypes"]}
    offered = ec2.describe_instance_type_offerings(LocationType="availability-zone")
    places = {(each["InstanceType"], each["Location"]) for each in offered["InstanceTypeOfferings"]}
    assert places == {(kind, f"us-east-1{zone}") for kind in known for zone in "abcdef"}

    def price(**attributes: str) -> list[float]:
        filters = [
            {"Type": "TERM_MATCH", "Field": name, "Value": value}
            for name, value in attributes.items()
        ]
        found = aws.client("pricing").get_products(ServiceCode="AmazonEC2", Filters=filters)
        return [
            float(dimension["pricePerUnit"]["USD"])
            for each in map(json.loads, found["PriceList"])
            for term in each["terms"]["OnDemand"].values()
            for dimension in term["priceDimensions"].values()
        ]

    assert price(instanceType="c6i.large") == [0.085]
    assert price(instanceType="c6i.large", regionCode="eu-west-1") == []
    assert len(price(tenancy="Shared")) == len(known)
    assert price(tenancy="Dedicated")
    spot = ec2.describe_spot_price_history(InstanceTypes=["c6i.large"])["SpotPriceHistory"]
    assert {each["AvailabilityZone"][-1] for each in spot} == set("abcdef")
    assert all(0 < float(each["SpotPrice"]) < 0.085 for each in spot)


def test_parameters_name_the_images_of_nodes(aws: Aws, ec2: Any) -> None:
    ssm = aws.client("ssm")
    start = "/aws/service/eks/optimized-ami/1.35/amazon-linux-2023/x86_64/standard"
    name = "amazon-eks-node-al2023-x86_64-standard-1.35-v20261101"

    def value(path: str) -> str:
        found = ssm.get_parameter(Name=f"{start}/{path}/image_id")["Parameter"]
        return str(found["Value"])

    image = value(name)
    assert image == value("recommended")
    with pytest.raises(ssm.exceptions.ParameterNotFound):
        value(name.replace("20261101", "20200101"))
    by_id = [{"Name": "image-id", "Values": [image]}]
    (told,) = ec2.describe_images(Filters=by_id, Owners=["amazon"])["Images"]
    assert (told["Name"], told["Architecture"]) == (name, "x86_64")
    assert ec2.describe_images(Filters=by_id, Owners=["self"])["Images"] == []
