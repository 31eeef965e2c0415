"""What EC2 keeps of an instance's launch, and ministack forgets."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from rehearsal.aws.wire.query import Action, Parameters, Response, numbered, one

METADATA = {"HttpEndpoint": "enabled", "HttpTokens": "optional", "HttpPutResponseHopLimit": "1"}
"""What AWS takes where a launch says nothing."""


def adjust(ec2: Any, machines: Path) -> None:
    """Correct the calls of an instance. ec2: ministack's module; machines: see with_address."""
    actions: dict[str, Action] = ec2._ACTION_MAP
    actions["RunInstances"] = functools.partial(launch, ec2, actions["RunInstances"])
    actions["TerminateInstances"] = functools.partial(end, ec2, actions["TerminateInstances"])
    actions["ModifyInstanceMetadataOptions"] = functools.partial(modify_metadata, ec2)
    actions["ModifyInstanceAttribute"] = functools.partial(modify_groups, ec2)
    told = functools.partial(with_address, ec2._instance_xml, machines)
    ec2._instance_xml = functools.partial(with_metadata, told)
    describe = "DescribeInstanceAttribute"
    actions[describe] = functools.partial(with_user_data, ec2, actions[describe])
    ec2._volume_inner_xml = functools.partial(with_key, ec2._volume_inner_xml)


def launch(ec2: Any, run: Action, parameters: Parameters) -> Response:
    """AWS: an interface may be described in whole; disk and metadata are as asked; an instance is
    in its subnet's zone, and a private subnet gives no public address. ministack: none of it.
    """
    interface = "NetworkInterface.1"
    wanted = dict(parameters)
    if subnet := one(parameters, f"{interface}.SubnetId"):
        wanted["SubnetId"] = [subnet]
        number = 1
        while group := one(parameters, f"{interface}.SecurityGroupId.{number}"):
            wanted[f"SecurityGroupId.{number}"] = [group]
            number += 1
    known = set(ec2._instances)
    response = run(wanted)
    for instance_id in set(ec2._instances) - known:
        instance = ec2._instances[instance_id]
        placed = ec2._subnets.get(instance["SubnetId"], {})
        if zone := placed.get("AvailabilityZone"):
            instance["Placement"]["AvailabilityZone"] = zone
        public = one(parameters, f"{interface}.AssociatePublicIpAddress").lower()
        if public == "false" or not (public or placed.get("MapPublicIpOnLaunch")):
            instance["PublicIpAddress"] = instance["PublicDnsName"] = ""
        instance["MetadataOptions"] = {
            key: one(parameters, f"MetadataOptions.{key}") or value
            for key, value in METADATA.items()
        }
        for mapping in instance["BlockDeviceMappings"]:
            shape_disk(ec2._volumes[mapping["Ebs"]["VolumeId"]], parameters)
    return response


def end(ec2: Any, terminate: Action, parameters: Parameters) -> Response:
    """AWS: disks that are to go with an instance do. ministack keeps them."""
    response = terminate(parameters)
    if response[0] == 200:
        for identifier in numbered(parameters, "InstanceId"):
            for mapping in ec2._instances[identifier]["BlockDeviceMappings"]:
                if mapping["Ebs"]["DeleteOnTermination"]:
                    ec2._volumes.pop(mapping["Ebs"]["VolumeId"], None)
                    ec2._tags.pop(mapping["Ebs"]["VolumeId"], None)
    return response


def shape_disk(volume: dict[str, Any], parameters: Parameters) -> None:
    """AWS: the first device of a launch is the root's, with the settings that it names."""
    start = "BlockDeviceMapping.1.Ebs."
    if size := one(parameters, f"{start}VolumeSize"):
        volume["Size"] = int(size)
    if kind := one(parameters, f"{start}VolumeType"):
        volume["VolumeType"] = kind
    volume["Encrypted"] = one(parameters, f"{start}Encrypted").lower() == "true"
    if key := one(parameters, f"{start}KmsKeyId"):
        volume["KmsKeyId"] = key


def modify_metadata(ec2: Any, parameters: Parameters) -> Response:
    """AWS: ModifyInstanceMetadataOptions. ministack: no such call."""
    instance = ec2._instances[one(parameters, "InstanceId")]
    for key in METADATA:
        if value := one(parameters, key):
            instance.setdefault("MetadataOptions", {})[key] = value
    inner = f"<instanceId>{instance['InstanceId']}</instanceId>"
    done: Response = ec2._xml(200, "ModifyInstanceMetadataOptionsResponse", inner)
    return done


def modify_groups(ec2: Any, parameters: Parameters) -> Response:
    """AWS: ModifyInstanceAttribute sets the groups of an instance. ministack: no such call."""
    instance = ec2._instances[one(parameters, "InstanceId")]
    groups: list[dict[str, str]] = []
    while group := one(parameters, f"GroupId.{len(groups) + 1}"):
        name = ec2._security_groups.get(group, {}).get("GroupName", group)
        groups.append({"GroupId": group, "GroupName": name})
    if groups:
        instance["SecurityGroups"] = groups
    done: Response = ec2._xml(200, "ModifyInstanceAttributeResponse", "<return>true</return>")
    return done


def with_address(
    original: Callable[[Any], str], machines: Path, instance: Mapping[str, Any]
) -> str:
    """Of an instance that is a node of the world, tell the node's address.

    machines: the file in which `rehearsal.machines` keeps {instance id: {address, name}}.
    """
    known = json.loads(machines.read_text()) if machines.exists() else {}
    if node := known.get(instance["InstanceId"]):
        instance = {
            **instance,
            "PrivateIpAddress": node["address"],
            "PrivateDnsName": node["name"],
        }
    return original(instance)


def with_user_data(ec2: Any, describe: Action, parameters: Parameters) -> Response:
    """AWS: an instance tells its user data. ministack: nothing."""
    instance = ec2._instances.get(one(parameters, "InstanceId"))
    if instance is None or one(parameters, "Attribute") != "userData":
        return describe(parameters)
    inner = (
        f"<instanceId>{instance['InstanceId']}</instanceId>"
        f"<userData><value>{escape(instance['UserData'])}</value></userData>"
    )
    told: Response = ec2._xml(200, "DescribeInstanceAttributeResponse", inner)
    return told


def with_metadata(original: Callable[[Any], str], instance: Mapping[str, Any]) -> str:
    """AWS: instances report their metadata options, and no address where they have none."""
    options = {**METADATA, **instance.get("MetadataOptions", {})}
    inner = "".join(
        f"<{key[0].lower()}{key[1:]}>{escape(str(value))}</{key[0].lower()}{key[1:]}>"
        for key, value in options.items()
    )
    text = original(instance).removesuffix("</item>")
    text = text.replace("<ipAddress></ipAddress>", "").replace("<keyName></keyName>", "")
    return f"{text}<metadataOptions>{inner}</metadataOptions></item>"


def with_key(original: Callable[[Any], str], volume: Mapping[str, Any]) -> str:
    """AWS: volumes report the key that encrypts them. ministack: only whether there is one."""
    key = volume.get("KmsKeyId")
    return original(volume) + (f"<kmsKeyId>{escape(key)}</kmsKeyId>" if key else "")
