"""What EC2 makes of a fleet that is wanted at once, and ministack does not."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rehearsal.aws.ec2.prices import spot_price
from rehearsal.aws.ec2.types import TYPES
from rehearsal.aws.wire.query import Action, Parameters, Response, markup, one

MACHINES = 3
"""How many instances the world can make nodes of (`rehearsal.cluster.node.SPARE`)."""

OVERRIDDEN = ("InstanceType", "SubnetId", "ImageId", "AvailabilityZone")


@dataclass(frozen=True)
class Choice:
    """One of the instances that a fleet could be made of. config: number in the request."""

    config: int
    overrides: Mapping[str, str]


def adjust(ec2: Any) -> None:
    """Correct the call and what is told of the instances. ec2: ministack's module."""
    actions: dict[str, Action] = ec2._ACTION_MAP
    actions["CreateFleet"] = functools.partial(launch, ec2, actions["CreateFleet"])
    ec2._instance_xml = functools.partial(with_placement, ec2, ec2._instance_xml)


def launch(ec2: Any, create: Action, parameters: Parameters) -> Response:
    """AWS: the cheapest of the instances that the request allows is made as the template says, and
    the answer names what was chosen. ministack: the first one, by its type and subnet only.
    """
    if one(parameters, "Type") != "instant" or not (found := list(choices(parameters))):
        return create(parameters)
    if nodes(ec2) >= MACHINES:
        return without_capacity(ec2, found)
    spot = one(parameters, "TargetCapacitySpecification.DefaultTargetCapacityType") == "spot"
    chosen = min(found, key=lambda choice: price(choice, spot=spot))
    known = set(ec2._instances)
    response = create(only(parameters, chosen))
    if response[0] != 200:
        return response
    template, _, _ = ec2._resolve_launch_template_data(
        {
            key: one(parameters, f"{specification(chosen.config)}.{key}")
            for key in ("LaunchTemplateId", "LaunchTemplateName", "Version")
        }
    )
    for instance_id in set(ec2._instances) - known:
        complete(ec2, ec2._instances[instance_id], chosen, template, parameters)
        if spot:
            request = instance_id.replace("i-", "sir-")[:12]
            ec2._instances[instance_id] |= {"Lifecycle": "spot", "SpotRequest": request}
    status, headers, body = response
    end = "</launchTemplateSpecification>"
    text = body.decode().replace(end, f"{end}<overrides>{markup(told(chosen))}</overrides>")
    return status, headers, text.encode()


def nodes(ec2: Any) -> int:
    """How many instances are nodes, or will be."""
    return sum(
        each["State"]["Name"] in ("pending", "running")
        and any(
            tag["Key"].startswith("kubernetes.io/cluster/") and tag["Value"] == "owned"
            for tag in ec2._tags.get(name, ())
        )
        for name, each in list(ec2._instances.items())
    )


def without_capacity(ec2: Any, found: Iterable[Choice]) -> Response:
    """AWS: a fleet may be empty, and its answer says why for each choice; here when the world has
    no machine left. ministack always has one.
    """
    text = "We currently do not have sufficient capacity in the Availability Zone you requested."
    errors = [
        {
            "launchTemplateAndOverrides": {"overrides": told(choice)},
            "lifecycle": "on-demand",
            "errorCode": "InsufficientInstanceCapacity",
            "errorMessage": text,
        }
        for choice in found
    ]
    answer = {"fleetId": f"fleet-{uuid.uuid4()}", "errorSet": errors, "fleetInstanceSet": []}
    empty: Response = ec2._xml(200, "CreateFleetResponse", markup(answer))
    return empty


def told(choice: Choice) -> dict[str, str]:
    """A choice in the form of an answer."""
    return {f"{key[0].lower()}{key[1:]}": value for key, value in choice.overrides.items()}


def specification(config: int) -> str:
    """The prefix of a template's parameters."""
    return f"LaunchTemplateConfigs.{config}.LaunchTemplateSpecification"


def choices(parameters: Parameters) -> Iterator[Choice]:
    """What a request allows, in its order."""
    config = 1
    while any(name.startswith(f"{specification(config)}.") for name in parameters):
        number = 1
        while overrides := {
            key: value
            for key in OVERRIDDEN
            if (
                value := one(parameters, f"LaunchTemplateConfigs.{config}.Overrides.{number}.{key}")
            )
        }:
            yield Choice(config, overrides)
            number += 1
        config += 1


def price(choice: Choice, *, spot: bool) -> float:
    """What an instance costs an hour; one whose price is not known is the last to be taken."""
    kind = TYPES.get(choice.overrides.get("InstanceType", ""))
    if kind is None:
        return float("inf")
    return spot_price(kind) if spot else kind.price


def only(parameters: Parameters, chosen: Choice) -> Parameters:
    """The request for one choice."""
    kept = {
        name: value
        for name, value in parameters.items()
        if not name.startswith("LaunchTemplateConfigs.")
    }
    for key in ("LaunchTemplateId", "LaunchTemplateName", "Version"):
        if value := one(parameters, f"{specification(chosen.config)}.{key}"):
            kept[f"{specification(1)}.{key}"] = [value]
    for key, value in chosen.overrides.items():
        kept[f"LaunchTemplateConfigs.1.Overrides.1.{key}"] = [value]
    return kept


def complete(
    ec2: Any,
    instance: dict[str, Any],
    chosen: Choice,
    template: Mapping[str, Any],
    parameters: Parameters,
) -> None:
    """Give an instance what the template and the request say of it, and ministack left out."""
    subnet = ec2._subnets.get(instance["SubnetId"], {})
    zone = subnet.get("AvailabilityZone") or instance["Placement"]["AvailabilityZone"]
    instance["Placement"]["AvailabilityZone"] = zone
    instance["ImageId"] = chosen.overrides.get("ImageId") or instance["ImageId"]
    interfaces = template.get("NetworkInterfaces") or [{}]
    if groups := interfaces[0].get("Groups"):
        instance["SecurityGroups"] = [
            {
                "GroupId": group,
                "GroupName": ec2._security_groups.get(group, {}).get("GroupName", ""),
            }
            for group in groups
        ]
    public = interfaces[0].get("AssociatePublicIpAddress", subnet.get("MapPublicIpOnLaunch"))
    if not public:
        instance["PublicIpAddress"] = instance["PublicDnsName"] = ""
    instance["MetadataOptions"] = {
        key: str(value) for key, value in template.get("MetadataOptions", {}).items()
    }
    disks = template.get("BlockDeviceMappings") or [{}]
    for mapping in instance["BlockDeviceMappings"]:
        volume = ec2._volumes[mapping["Ebs"]["VolumeId"]]
        asked = disks[0].get("Ebs", {})
        volume["AvailabilityZone"] = zone
        volume["Size"] = asked.get("VolumeSize", volume["Size"])
        volume |= {
            key: asked[key] for key in ("VolumeType", "Encrypted", "KmsKeyId") if key in asked
        }
        if tags := tags_of(parameters, "volume"):
            ec2._tags[volume["VolumeId"]] = [
                {"Key": key, "Value": value} for key, value in tags.items()
            ]


def tags_of(parameters: Parameters, kind: str) -> dict[str, str]:
    """The tags that a request gives to resources of a kind; its own way of counting them."""
    found: dict[str, str] = {}
    number = 1
    while name := one(parameters, f"TagSpecification.{number}.ResourceType"):
        index = 1
        while key := one(parameters, f"TagSpecification.{number}.Tag.{index}.Key"):
            if name == kind:
                found[key] = one(parameters, f"TagSpecification.{number}.Tag.{index}.Value")
            index += 1
        number += 1
    return found


def with_placement(ec2: Any, original: Callable[[Any], str], instance: Mapping[str, Any]) -> str:
    """AWS: an instance tells its zone's id, and a spot instance which request it is of."""
    text = original(instance)
    zone_id = ec2._subnets.get(instance["SubnetId"], {}).get("AvailabilityZoneId", "")
    if zone_id:
        place = f"<availabilityZoneId>{zone_id}</availabilityZoneId></placement>"
        text = text.replace("</placement>", place, 1)
    if instance.get("Lifecycle"):
        more = {
            "instanceLifecycle": instance["Lifecycle"],
            "spotInstanceRequestId": instance["SpotRequest"],
        }
        text = f"{text.removesuffix('</item>')}{markup(more)}</item>"
    return text
