"""What AWS asks IAM when instances are launched, tagged or ended: a question for each thing.

Which those are is in its reference:
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from rehearsal.aws.ec2.fleets import choices, specification, tags_of
from rehearsal.aws.wire.query import Parameters, numbered, one

MADE = ("instance", "volume", "network-interface")
"""What a launch makes."""

SPOT = "spot-instances-request"
"""And what it makes for spot instances."""

KNOWN = {
    f"ec2:{call}"
    for call in (
        "CreateFleet",
        "CreateLaunchTemplate",
        "DeleteLaunchTemplate",
        "TerminateInstances",
    )
}
"""Calls that are asked about here, beside a launch by a template."""

Tags = Mapping[str, str]


@dataclass(frozen=True)
class Question:
    """May this be done with that?

    resource: an ARN, or its end; wanted: tags of the request; there: tags that the resource has;
    more: further keys of the request.
    """

    action: str
    resource: str
    wanted: Tags = field(default_factory=dict)
    there: Tags = field(default_factory=dict)
    more: Tags = field(default_factory=dict)

    @property
    def context(self) -> dict[str, Any]:
        """What conditions may ask about."""
        found: dict[str, Any] = dict(self.more)
        found |= {f"aws:RequestTag/{key}": value for key, value in self.wanted.items()}
        for key, value in self.there.items():
            found |= {f"aws:ResourceTag/{key}": value, f"ec2:ResourceTag/{key}": value}
        if self.wanted:
            found["aws:TagKeys"] = list(self.wanted)
        return found


@dataclass(frozen=True)
class Questions:
    """The questions about a call. ec2, iam: ministack's modules."""

    ec2: Any
    iam: Any

    def arn(self, resource: str, region: str) -> str:
        """A whole ARN; images have no account."""
        if resource.startswith("arn:"):
            return resource
        account = "" if resource.startswith("image/") else self.ec2.get_account_id()
        return f"arn:aws:ec2:{region}:{account}:{resource}"

    def known(self, action: str, parameters: Parameters) -> bool:
        """Whether it is known here what AWS asks about a call; others are left to ministack."""
        if action == "ec2:RunInstances":
            return bool(self._template(parameters, "LaunchTemplate."))
        return action in KNOWN

    def about(self, action: str, parameters: Parameters) -> Iterator[Question]:
        """All questions about a call. What is not there is not asked about: the call says so."""
        if action == "ec2:CreateFleet":
            yield from self._fleet(parameters)
        elif action == "ec2:RunInstances":
            places = ("NetworkInterface.1.SubnetId", "SubnetId")
            subnets = {one(parameters, place) for place in places} - {""}
            yield from self._launch(action, parameters, "LaunchTemplate.", subnets, set())
        elif action == "ec2:CreateLaunchTemplate":
            tags = tags_of(parameters, "launch-template")
            yield Question(action, "launch-template/*", tags)
            yield from tagging("launch-template/*", tags, action)
        elif action == "ec2:DeleteLaunchTemplate":
            template = [self._template(parameters, "")]
            yield from self._end(action, "launch-template", template, self.ec2._launch_templates)
        elif action == "ec2:TerminateInstances":
            names = numbered(parameters, "InstanceId")
            yield from self._end(action, "instance", names, self.ec2._instances)

    def _end(
        self, action: str, kind: str, names: list[str], there: Container[str]
    ) -> Iterator[Question]:
        """Each one that is ended."""
        for name in names:
            if name in there:
                yield Question(action, f"{kind}/{name}", there=self._tags(name))

    def _fleet(self, parameters: Parameters) -> Iterator[Question]:
        """A fleet that is wanted at once makes its instances by RunInstances."""
        tags = tags_of(parameters, "fleet")
        yield Question("ec2:CreateFleet", "fleet/*", tags)
        yield from tagging("fleet/*", tags, "ec2:CreateFleet")
        possible = list(choices(parameters))
        for config in sorted({choice.config for choice in possible}):
            prefix = f"{specification(config)}."
            asked = [choice.overrides for choice in possible if choice.config == config]
            subnets = {each["SubnetId"] for each in asked if "SubnetId" in each}
            images = {each["ImageId"] for each in asked if "ImageId" in each}
            for action in ("ec2:CreateFleet", "ec2:RunInstances"):
                yield from self._launch(action, parameters, prefix, subnets, images)

    def _launch(
        self,
        action: str,
        parameters: Parameters,
        prefix: str,
        subnets: set[str],
        images: set[str],
    ) -> Iterator[Question]:
        """What a launch uses and what it makes. prefix: of the template's parameters."""
        name = self._template(parameters, prefix)
        yield Question(action, f"launch-template/{name}", there=self._tags(name))
        data, _, _ = self.ec2._resolve_launch_template_data(
            {"LaunchTemplateId": name, "Version": "$Latest"}
        )
        for image in sorted(images or {data.get("ImageId", "")} - {""}):
            yield Question(action, f"image/{image}")
        groups = (data.get("NetworkInterfaces") or [{}])[0].get("Groups") or []
        for kind, ids in (("subnet", sorted(subnets)), ("security-group", groups)):
            for each in ids:
                yield Question(action, f"{kind}/{each}", there=self._tags(each))
        by_template = {
            each["ResourceType"]: {tag["Key"]: tag["Value"] for tag in each["Tags"]}
            for each in data.get("TagSpecifications", ())
        }
        spot = one(parameters, "TargetCapacitySpecification.DefaultTargetCapacityType") == "spot"
        for kind in (*MADE, *([SPOT] if spot else [])):
            tags = by_template.get(kind, {}) | tags_of(parameters, kind)
            yield Question(action, f"{kind}/*", tags)
            yield from tagging(f"{kind}/*", tags, action)
        yield from self._role(data.get("IamInstanceProfile") or {})

    def _role(self, profile: Mapping[str, str]) -> Iterator[Question]:
        """The role of an instance profile is passed on to EC2."""
        name = profile.get("Name") or profile.get("Arn", "").rpartition("/")[2]
        for role in (self.iam._instance_profiles.get(name) or {}).get("Roles", ()):
            yield Question(
                "iam:PassRole",
                self.iam._roles[role]["Arn"],
                more={"iam:PassedToService": "ec2.amazonaws.com"},
            )

    def _template(self, parameters: Parameters, prefix: str) -> str:
        """The id of the template that a request names; what it says when there is none such."""
        if name := one(parameters, f"{prefix}LaunchTemplateId"):
            return name
        name = one(parameters, f"{prefix}LaunchTemplateName")
        for template in self.ec2._launch_templates.values():
            if template["LaunchTemplateName"] == name:
                return str(template["LaunchTemplateId"])
        return name

    def _tags(self, name: str) -> dict[str, str]:
        """The tags that a resource has."""
        return {tag["Key"]: tag.get("Value", "") for tag in self.ec2._tags.get(name, ())}


def tagging(resource: str, tags: Tags, action: str) -> Iterator[Question]:
    """The question about tags that are given to what an action makes."""
    if tags:
        call = action.partition(":")[2]
        yield Question("ec2:CreateTags", resource, tags, more={"ec2:CreateAction": call})
