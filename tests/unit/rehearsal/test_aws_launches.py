"""What the rehearsal's EC2 makes of fleets, whom it lets do so, and what it tells of its types."""

from __future__ import annotations

import asyncio
import json
from contextvars import ContextVar
from types import SimpleNamespace
from typing import Any

import pytest

from rehearsal.aws import (
    dry_runs,
    fleets,
    instance_events,
    instance_types,
    launch_permissions,
    launch_templates,
    network,
    node_images,
    prices,
)
from rehearsal.aws.launch_questions import Questions
from rehearsal.aws.query import Parameters, Response, markup, numbered, one

NODES = "arn:aws:iam::000000000000:role/nodes"
OWN = {"kubernetes.io/cluster/ragops-test": "owned", "karpenter.sh/nodepool": "general"}


class Ec2(SimpleNamespace):
    """Stands for ministack's module: its stores and its ways to answer."""

    def __init__(self) -> None:
        data = {
            "ImageId": "ami-1",
            "NetworkInterfaces": [{"DeviceIndex": 0, "Groups": ["sg-nodes"]}],
            "BlockDeviceMappings": [{"Ebs": {"VolumeSize": 50, "Encrypted": True}}],
            "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
            "IamInstanceProfile": {"Name": "nodes"},
            "TagSpecifications": [
                {"ResourceType": kind, "Tags": listed(OWN)}
                for kind in ("network-interface", "spot-instances-request")
            ],
        }
        template = {"LaunchTemplateId": "lt-1", "LaunchTemplateName": "made/1", "Data": data}
        super().__init__(
            _instances={},
            _volumes={},
            _launch_templates={"lt-1": template},
            _subnets={
                f"subnet-{letter}": {
                    "AvailabilityZone": f"us-east-1{letter}",
                    "AvailabilityZoneId": f"use1-az{number}",
                }
                for number, letter in enumerate("abc", start=1)
            },
            _security_groups={name: {"GroupName": name[3:]} for name in ("sg-default", "sg-nodes")},
            _tags={"lt-1": listed(OWN), "i-other": listed({"Name": "bastion"})},
            _ACTION_MAP={},
        )

    @staticmethod
    def get_account_id() -> str:
        return "000000000000"

    @staticmethod
    def get_region() -> str:
        return "us-east-1"

    @staticmethod
    def _xml(status: int, tag: str, inner: str) -> Response:
        return status, {}, f"<{tag}>{inner}</{tag}>".encode()

    @staticmethod
    def _error(code: str, text: str, status: int) -> Response:
        return status, {}, f"{code}: {text}".encode()

    @staticmethod
    def _parse_filters(parameters: Parameters) -> dict[str, list[str]]:
        found, number = {}, 1
        while name := one(parameters, f"Filter.{number}.Name"):
            found[name] = numbered(parameters, f"Filter.{number}.Value")
            number += 1
        return found

    def _resolve_launch_template_data(self, _: Any) -> tuple[dict[str, Any], None, None]:
        return self._launch_templates["lt-1"]["Data"], None, None

    def create(self, parameters: Parameters) -> Response:
        """CreateFleet as ministack does it: the first choice, in the first zone."""
        start = "LaunchTemplateConfigs.1.Overrides.1"
        self._volumes["vol-1"] = {"VolumeId": "vol-1", "Size": 8, "Encrypted": False}
        self._instances["i-1"] = {
            "InstanceId": "i-1",
            "InstanceType": one(parameters, f"{start}.InstanceType"),
            "SubnetId": one(parameters, f"{start}.SubnetId"),
            "ImageId": "ami-0",
            "Placement": {"AvailabilityZone": "us-east-1a"},
            "SecurityGroups": [{"GroupId": "sg-default", "GroupName": "default"}],
            "PublicIpAddress": "54.1.2.3",
            "PublicDnsName": "ec2-54-1-2-3",
            "BlockDeviceMappings": [{"Ebs": {"VolumeId": "vol-1"}}],
        }
        name = one(
            parameters, "LaunchTemplateConfigs.1.LaunchTemplateSpecification.LaunchTemplateName"
        )
        inner = (
            "<launchTemplateAndOverrides><launchTemplateSpecification>"
            f"<launchTemplateName>{name}</launchTemplateName></launchTemplateSpecification>"
            "</launchTemplateAndOverrides>"
        )
        return self._xml(200, "CreateFleetResponse", inner)


def listed(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def tagged(**kinds: dict[str, str]) -> Parameters:
    """Parameters that tag what is made."""
    found: Parameters = {}
    for number, (kind, tags) in enumerate(kinds.items(), start=1):
        found[f"TagSpecification.{number}.ResourceType"] = [kind.replace("_", "-")]
        for index, (key, value) in enumerate(tags.items(), start=1):
            found[f"TagSpecification.{number}.Tag.{index}.Key"] = [key]
            found[f"TagSpecification.{number}.Tag.{index}.Value"] = [value]
    return found


def fleet(*types: str, capacity: str = "on-demand", zone: str = "b") -> Parameters:
    """A CreateFleet that allows instances of these types in a zone."""
    start = "LaunchTemplateConfigs.1"
    found = tagged(fleet=OWN, instance=OWN, volume=OWN) | {
        "Type": ["instant"],
        "TargetCapacitySpecification.DefaultTargetCapacityType": [capacity],
        f"{start}.LaunchTemplateSpecification.LaunchTemplateName": ["made/1"],
        f"{start}.LaunchTemplateSpecification.Version": ["$Latest"],
    }
    for number, name in enumerate(types, start=1):
        found |= {
            f"{start}.Overrides.{number}.InstanceType": [name],
            f"{start}.Overrides.{number}.SubnetId": [f"subnet-{zone}"],
            f"{start}.Overrides.{number}.ImageId": ["ami-1"],
            f"{start}.Overrides.{number}.AvailabilityZone": [f"us-east-1{zone}"],
        }
    return found


@pytest.mark.parametrize("capacity", ["on-demand", "spot"])
def test_a_fleet_is_made_of_the_cheapest_and_as_its_template_says(capacity: str) -> None:
    ec2 = Ec2()
    request = fleet("m6i.large", "c6i.large", "x9z.large", capacity=capacity)
    _, _, body = fleets.launch(ec2, ec2.create, request)
    instance, volume = ec2._instances["i-1"], ec2._volumes["vol-1"]
    assert instance["InstanceType"] == "c6i.large"
    assert instance["ImageId"] == "ami-1"
    assert instance["Placement"]["AvailabilityZone"] == volume["AvailabilityZone"] == "us-east-1b"
    assert instance["SecurityGroups"] == [{"GroupId": "sg-nodes", "GroupName": "nodes"}]
    assert instance["PublicIpAddress"] == ""
    assert instance["MetadataOptions"] == {"HttpTokens": "required", "HttpPutResponseHopLimit": "1"}
    assert (volume["Size"], volume["Encrypted"]) == (50, True)
    assert ec2._tags["vol-1"] == listed(OWN)
    assert (
        "<overrides><instanceType>c6i.large</instanceType><subnetId>subnet-b</subnetId>"
        "<imageId>ami-1</imageId><availabilityZone>us-east-1b</availabilityZone></overrides>"
    ) in body.decode()
    told = fleets.with_placement(ec2, lambda _: "<item><placement></placement></item>", instance)
    assert "<availabilityZoneId>use1-az2</availabilityZoneId></placement>" in told
    assert ("<instanceLifecycle>spot</instanceLifecycle>" in told) is (capacity == "spot")


def test_new_states_are_events() -> None:
    ec2 = Ec2()
    ec2._instances = {name: {"State": {"Name": "running"}} for name in ("i-1", "i-2")}
    told: list[dict[str, Any]] = []

    def terminate(_: Parameters) -> Response:
        ec2._instances["i-2"]["State"] = {"Name": "terminated"}
        return 200, {}, b""

    ec2._ACTION_MAP |= dict.fromkeys(instance_events.CHANGING, terminate)
    instance_events.adjust(ec2, SimpleNamespace(_dispatch_event=told.append))
    for _ in range(2):
        ec2._ACTION_MAP["TerminateInstances"]({})
    assert [json.loads(each["Detail"]) for each in told] == [
        {"instance-id": "i-2", "state": "terminated"}
    ]
    assert told[0]["Source"] == "aws.ec2"
    assert told[0]["Resources"] == ["arn:aws:ec2:us-east-1:000000000000:instance/i-2"]


def test_a_dry_run_does_nothing() -> None:
    ec2 = Ec2()
    done: list[Parameters] = []

    def action(parameters: Parameters) -> Response:
        done.append(parameters)
        return 200, {}, b""

    ec2._ACTION_MAP["TerminateInstances"] = action
    dry_runs.adjust(ec2)
    run = ec2._ACTION_MAP["TerminateInstances"]
    status, _, body = run({"DryRun": ["true"]})
    assert (status, body[:15]) == (412, b"DryRunOperation")
    assert done == []
    run({"DryRun": ["false"]})
    assert len(done) == 1


def test_a_template_that_is_not_there_is_refused() -> None:
    ec2 = Ec2()

    def describe(_: Parameters) -> Response:
        return 200, {}, b"told"

    known = {"LaunchTemplateName.1": ["made/1"]}
    assert launch_templates.by_name(ec2, describe, known)[2] == b"told"
    status, _, body = launch_templates.by_name(
        ec2, describe, known | {"LaunchTemplateName.2": ["made/2"]}
    )
    assert status == 400
    assert b"InvalidLaunchTemplateName.NotFoundException" in body
    assert b"made/2" in body


def test_groups_are_found_by_id() -> None:
    ec2 = Ec2()

    def describe(parameters: Parameters) -> Response:
        return 200, {}, ",".join(numbered(parameters, "GroupId")).encode()

    def asked(*ids: str) -> bytes:
        named = {f"Filter.1.Value.{number}": [each] for number, each in enumerate(ids, start=1)}
        return network.groups_with_id(ec2, describe, {"Filter.1.Name": ["group-id"], **named})[2]

    assert asked("sg-nodes", "sg-none") == b"sg-nodes"
    assert b"<securityGroupInfo/>" in asked("sg-none")
    assert network.groups_with_id(ec2, describe, {})[2] == b""


def test_types_have_their_own_figures() -> None:
    ec2 = Ec2()
    asked = {"InstanceType.1": ["m6i.xlarge"]}

    def describe(_: Parameters) -> Response:
        return 200, {}, b"ministack's"

    told = instance_types.described(ec2, describe, asked)[2].decode()
    assert told.count("<instanceType>") == 1
    assert "<defaultVCpus>4</defaultVCpus>" in told
    assert "<sizeInMiB>16384</sizeInMiB>" in told
    every = instance_types.described(ec2, describe, {})[2].decode()
    assert every.count("<instanceType>") == len(instance_types.TYPES)
    other = {"InstanceType.1": ["x9z.large"]}
    assert instance_types.described(ec2, describe, other)[2] == b"ministack's"
    offered = instance_types.offered(ec2, {"LocationType": ["availability-zone"]})[2].decode()
    assert offered.count("<location>us-east-1c</location>") == len(instance_types.TYPES)


def test_the_price_list_is_filtered_by_attributes() -> None:
    def asked(**filters: str) -> list[Any]:
        content = {"Filters": [{"Field": key, "Value": value} for key, value in filters.items()]}
        headers = {"x-amz-target": "AWSPriceListService.GetProducts"}
        body = json.dumps(content).encode()
        status, _, told = asyncio.run(prices.answer("POST", "/", headers, body, {}))
        assert status == 200
        return [json.loads(each) for each in json.loads(told)["PriceList"]]

    found = asked(tenancy="Shared", regionCode="us-east-1")
    assert {each["product"]["attributes"]["instanceType"] for each in found} == set(
        instance_types.TYPES
    )
    (one_type,) = asked(instanceType="c6i.large")
    ((_, term),) = one_type["terms"]["OnDemand"].items()
    ((_, dimension),) = term["priceDimensions"].items()
    assert float(dimension["pricePerUnit"]["USD"]) == 0.085
    assert asked(tenancy="Dedicated")
    assert asked(regionCode="eu-west-1") == []


def test_spot_is_cheaper_in_each_zone() -> None:
    told = prices.spot_prices(Ec2(), {"InstanceType.1": ["c6i.large"]})[2].decode()
    assert told.count("<spotPrice>0.029700</spotPrice>") == len(instance_types.ZONES)


def test_images_of_nodes_have_parameters() -> None:
    ssm = SimpleNamespace(get_region=lambda: "us-east-1")
    start = "/aws/service/eks/optimized-ami/1.35/amazon-linux-2023/x86_64/standard"
    name = "amazon-eks-node-al2023-x86_64-standard-1.35-v20261101"

    def value(path: str) -> str | None:
        found = node_images.parameter(ssm, lambda _: None, path)
        return found["Value"] if found else None

    image = value(f"{start}/{name}/image_id")
    assert image == value(f"{start}/recommended/image_id")
    assert value(f"{start}/{name.replace('20261101', '20200101')}/image_id") is None
    ec2 = Ec2()

    def describe(_: Parameters) -> Response:
        return 200, {}, b"<imagesSet></imagesSet>"

    def asked(**more: list[str]) -> str:
        filters = {"Filter.1.Name": ["image-id"], "Filter.1.Value.1": [image]}
        return node_images.described(ec2, describe, filters | more)[2].decode()

    assert asked().count("<item>") == 1
    assert f"<name>{name}</name>" in asked(**{"Owner.1": ["amazon"]})
    assert "<item>" not in asked(**{"Owner.1": ["self"]})


def test_markup_is_escaped() -> None:
    assert markup({"a": ["<", True], "b": {"c": 1.5}}) == (
        "<a><item>&lt;</item><item>true</item></a><b><c>1.5</c></b>"
    )


@pytest.fixture
def questions() -> Questions:
    iam = SimpleNamespace(
        _instance_profiles={"nodes": {"Roles": ["nodes"]}}, _roles={"nodes": {"Arn": NODES}}
    )
    return Questions(Ec2(), iam)


def asked_about(questions: Questions, call: str, parameters: Parameters) -> set[tuple[str, str]]:
    return {(each.action, each.resource) for each in questions.about(f"ec2:{call}", parameters)}


def test_a_fleet_is_asked_about_all_that_it_uses_and_makes(questions: Questions) -> None:
    found = asked_about(questions, "CreateFleet", fleet("c6i.large"))
    used = ("launch-template/lt-1", "image/ami-1", "subnet/subnet-b", "security-group/sg-nodes")
    made = ("instance/*", "volume/*", "network-interface/*")
    assert found == (
        {(f"ec2:{call}", each) for call in ("CreateFleet", "RunInstances") for each in used + made}
        | {("ec2:CreateTags", each) for each in (*made, "fleet/*")}
        | {("ec2:CreateFleet", "fleet/*"), ("iam:PassRole", NODES)}
    )
    spot = asked_about(questions, "CreateFleet", fleet("c6i.large", capacity="spot"))
    assert spot - found == {
        (f"ec2:{call}", "spot-instances-request/*")
        for call in ("CreateFleet", "RunInstances", "CreateTags")
    }


def test_conditions_see_the_tags_of_the_request_and_of_what_is_there(questions: Questions) -> None:
    found = {
        (each.action, each.resource): each.context
        for each in questions.about("ec2:CreateFleet", fleet("c6i.large"))
    }
    template = found["ec2:RunInstances", "launch-template/lt-1"]
    assert template == {f"aws:ResourceTag/{key}": value for key, value in OWN.items()}
    # Its tags are the template's: the request has none for it.
    interface = found["ec2:RunInstances", "network-interface/*"]
    assert interface["aws:RequestTag/karpenter.sh/nodepool"] == "general"
    assert found["ec2:CreateTags", "instance/*"]["ec2:CreateAction"] in (
        "CreateFleet",
        "RunInstances",
    )
    assert found["iam:PassRole", NODES] == {"iam:PassedToService": "ec2.amazonaws.com"}


def test_what_is_ended_or_tagged_is_asked_about_one_by_one(questions: Questions) -> None:
    both = {"InstanceId.1": ["i-1"], "InstanceId.2": ["i-other"]}
    first, second = questions.about("ec2:TerminateInstances", both)
    assert (first.resource, second.resource) == ("instance/i-1", "instance/i-other")
    assert second.context == {"aws:ResourceTag/Name": "bastion"}
    tags = {"ResourceId.1": ["i-1"], "Tag.1.Key": ["Name"], "Tag.1.Value": ["node"]}
    (question,) = questions.about("ec2:CreateTags", tags)
    assert question.context == {"aws:RequestTag/Name": "node", "aws:TagKeys": ["Name"]}
    assert asked_about(questions, "DeleteLaunchTemplate", {"LaunchTemplateName": ["made/1"]}) == {
        ("ec2:DeleteLaunchTemplate", "launch-template/lt-1")
    }
    assert asked_about(questions, "DescribeInstances", {}) == set()


@pytest.mark.parametrize(("key", "expected"), [("ASIA1", 2), ("AKIA1", 1)])
def test_the_first_refusal_of_a_role_counts(questions: Questions, key: str, expected: int) -> None:
    decided: list[tuple[str, str]] = []

    def decide(_: str, action: str, service: str, __: str, **options: Any) -> str | None:
        decided.append((action, options["resource_arn"]))
        assert service == "ec2"
        return "no" if options["resource_arn"].endswith(("i-other", "*")) else None

    asked: ContextVar[Parameters] = ContextVar("asked")
    parameters = {"InstanceId.1": ["i-1"], "InstanceId.2": ["i-other"], "InstanceId.3": ["i-3"]}

    def original(*_: object) -> str:
        return "*"

    launch_permissions.noting(
        asked, original, "ec2", "POST", "/", {}, b"", parameters, "us-east-1", "000000000000"
    )
    answer = launch_permissions.enforce(
        questions, asked, decide, key, "ec2:TerminateInstances", "ec2", "us-east-1"
    )
    assert answer == "no"
    assert len(decided) == expected


def test_public_parameters_have_no_account() -> None:
    asked: ContextVar[Parameters] = ContextVar("asked")

    def arn(name: str) -> str:
        def original(*_: object) -> str:
            return f"arn:aws:ssm:us-east-1:000000000000:parameter/{name}"

        return launch_permissions.noting(
            asked, original, "ssm", "POST", "/", {}, b"", {}, "us-east-1", "000000000000"
        )

    assert arn("aws/service/eks/x") == "arn:aws:ssm:us-east-1::parameter/aws/service/eks/x"
    assert arn("own") == "arn:aws:ssm:us-east-1:000000000000:parameter/own"
