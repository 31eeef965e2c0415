"""Whom the rehearsal's EC2 lets launch, tag and end instances."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from rehearsal.aws.ec2.questions import Questions
from rehearsal.aws.wire.query import Parameters, markup

NODES = "arn:aws:iam::000000000000:role/nodes"
OWN = {"kubernetes.io/cluster/ragops-test": "owned", "karpenter.sh/nodepool": "general"}


class Ec2(SimpleNamespace):
    """Stands for ministack's module: its stores."""

    def __init__(self) -> None:
        data = {
            "ImageId": "ami-1",
            "NetworkInterfaces": [{"DeviceIndex": 0, "Groups": ["sg-nodes"]}],
            "IamInstanceProfile": {"Name": "nodes"},
            "TagSpecifications": [
                {"ResourceType": kind, "Tags": listed(OWN)}
                for kind in ("network-interface", "spot-instances-request")
            ],
        }
        template = {"LaunchTemplateId": "lt-1", "LaunchTemplateName": "made/1", "Data": data}
        super().__init__(
            _launch_templates={"lt-1": template},
            _instances=dict.fromkeys(("i-1", "i-other", "i-3")),
            _tags={"lt-1": listed(OWN), "i-other": listed({"Name": "bastion"})},
        )

    @staticmethod
    def get_account_id() -> str:
        return "000000000000"

    def _resolve_launch_template_data(self, _: Any) -> tuple[dict[str, Any], None, None]:
        return self._launch_templates["lt-1"]["Data"], None, None


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
    assert template == {
        f"{place}:ResourceTag/{key}": value
        for place in ("aws", "ec2")
        for key, value in OWN.items()
    }
    # Its tags are the template's: the request has none for it.
    interface = found["ec2:RunInstances", "network-interface/*"]
    assert interface["aws:RequestTag/karpenter.sh/nodepool"] == "general"
    assert found["ec2:CreateTags", "instance/*"]["ec2:CreateAction"] in (
        "CreateFleet",
        "RunInstances",
    )
    assert found["iam:PassRole", NODES] == {"iam:PassedToService": "ec2.amazonaws.com"}


def test_what_is_ended_is_asked_about_one_by_one(questions: Questions) -> None:
    both = {"InstanceId.1": ["i-1"], "InstanceId.2": ["i-other"]}
    first, second = questions.about("ec2:TerminateInstances", both)
    assert (first.resource, second.resource) == ("instance/i-1", "instance/i-other")
    assert second.context["aws:ResourceTag/Name"] == "bastion"
    assert asked_about(questions, "DeleteLaunchTemplate", {"LaunchTemplateName": ["made/1"]}) == {
        ("ec2:DeleteLaunchTemplate", "launch-template/lt-1")
    }
    gone = {"LaunchTemplateId": ["lt-2"], "InstanceId.1": ["i-2"]}
    assert asked_about(questions, "DeleteLaunchTemplate", gone) == set()
    assert asked_about(questions, "TerminateInstances", gone) == set()


def test_other_calls_are_left_to_ministack(questions: Questions) -> None:
    by_template = {"LaunchTemplate.LaunchTemplateName": ["made/1"]}
    assert questions.known("ec2:RunInstances", by_template)
    assert not questions.known("ec2:RunInstances", {"ImageId": ["ami-1"]})
    assert not questions.known("ec2:DescribeInstances", {})
    assert questions.known("ec2:CreateFleet", {})
