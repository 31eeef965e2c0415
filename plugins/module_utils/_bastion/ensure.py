# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""An instance without an open port: kept as wanted, or replaced, since it holds no data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .. import ownership
from ..aws import AwsError, tag_dict, wait_until
from ..reconcile import UNKNOWN, Api, Plan, missing_tags, tag_list

Item = dict[str, Any]
LIVING = ("pending", "running", "stopping", "stopped")
NO_INSTANCE = ("InvalidInstanceID.NotFound",)

METADATA: dict[str, Any] = {
    "HttpEndpoint": "enabled",
    "HttpTokens": "required",
    "HttpPutResponseHopLimit": 1,
}
"""Metadata by session tokens only, and not for anything behind a second hop."""


@dataclass
class Run:
    """What the steps need. options: the module's, with image_id and kms_key_arn."""

    ec2: Api
    plan: Plan
    options: Item
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Return the instance's name."""
        return str(self.options["name"])

    @property
    def label(self) -> str:
        """Return how the plan and errors call it."""
        return f"instance {self.name}"


def find(run: Run, *, removal: bool = False) -> list[Item]:
    """Return our living instances of this name, oldest first.

    removal: whether they are to go; then another's of this name is none of our business.

    Raises:
        AwsError: there are some of this name that others tagged, and none is ours.
    """
    filters = [
        {"Name": "tag:Name", "Values": [run.name]},
        {"Name": "instance-state-name", "Values": list(LIVING)},
    ]
    found = run.ec2.pages("describe_instances", "Reservations", run.label, Filters=filters)
    called = [item for reservation in found for item in reservation["Instances"]]
    instances = [
        item for item in called if ownership.is_takeable(tag_dict(item.get("Tags")), run.tags)
    ]
    refuse = ownership.refuse_damaged if removal else ownership.refuse_claimed
    for item in [] if instances else called:
        refuse(f"{run.label} ({item['InstanceId']})", tag_dict(item.get("Tags")), run.tags)
    return sorted(instances, key=lambda item: str(item.get("LaunchTime")))


def ensure_present(run: Run) -> str:
    """Keep or make the one instance; return its id."""
    wanted = _wanted(run)
    items = find(run)
    for item in items:
        current = _current(run, item, wanted)
        if _fits(current, wanted):
            run.plan.record(run.label, current, wanted)
            _repair(run, item, current, wanted)
            _terminate(run, [other for other in items if other is not item])
            return str(item["InstanceId"])
    before = _current(run, items[0], wanted) if items else None
    run.plan.record(run.label, before, wanted)
    _terminate(run, items)
    return _launch(run)


def ensure_absent(run: Run) -> None:
    """Terminate the instance and wait: it holds its security group until it is gone."""
    items = find(run, removal=True)
    for item in items:
        run.plan.record(run.label, {"id": item["InstanceId"]}, None)
    _terminate(run, items)


IN_PLACE = ("state", "metadata", "security_groups", "tags")
"""What EC2 changes while the instance lives; anything else replaces it."""


def _fits(current: Item, wanted: Item) -> bool:
    return all(current[key] == wanted[key] for key in wanted if key not in IN_PLACE)


def _wanted(run: Run) -> Item:
    options = run.options
    return {
        "state": "running",
        "instance_type": options["instance_type"],
        "subnet": "one of the wanted",
        "security_groups": [options["security_group_id"]],
        "profile": options["profile"],
        "key_pair": None,
        "public_address": None,
        "metadata": METADATA,
        "disk": {
            "type": "gp3",
            "size": options["disk_size"],
            "encrypted": True,
            **({"kms_key": options["kms_key_arn"]} if options["kms_key_arn"] else {}),
        },
        "tags": run.tags,
    }


def _current(run: Run, item: Item, wanted: Item) -> Item:
    seen = tag_dict(item.get("Tags"))
    profile = str((item.get("IamInstanceProfile") or {}).get("Arn", ""))
    metadata = item.get("MetadataOptions") or {}
    subnet = item.get("SubnetId")
    return {
        "state": "running" if item["State"]["Name"] == "pending" else item["State"]["Name"],
        "instance_type": item["InstanceType"],
        "subnet": wanted["subnet"] if subnet in run.options["subnet_ids"] else subnet,
        "security_groups": sorted(group["GroupId"] for group in item.get("SecurityGroups", [])),
        "profile": profile.rpartition("/")[2],
        "key_pair": item.get("KeyName") or None,
        "public_address": item.get("PublicIpAddress") or None,
        "metadata": {key: metadata.get(key) for key in METADATA},
        "disk": _disk(run, item),
        "tags": {key: seen[key] for key in run.tags if key in seen},
    }


def _disk(run: Run, item: Item) -> Item:
    ids = [
        mapping["Ebs"]["VolumeId"]
        for mapping in item.get("BlockDeviceMappings", [])
        if mapping["DeviceName"] == item.get("RootDeviceName")
    ]
    if not ids:
        return {}
    (volume,) = run.ec2.read("describe_volumes", f"disk of {run.label}", VolumeIds=ids)["Volumes"]
    key = {"kms_key": volume.get("KmsKeyId")} if run.options["kms_key_arn"] else {}
    return {
        "type": volume["VolumeType"],
        "size": volume["Size"],
        "encrypted": volume["Encrypted"],
        **key,
    }


def _repair(run: Run, item: Item, current: Item, wanted: Item) -> None:
    instance_id = str(item["InstanceId"])
    if current["metadata"] != wanted["metadata"]:
        run.ec2.write(
            "modify_instance_metadata_options", run.label, InstanceId=instance_id, **METADATA
        )
    if current["security_groups"] != wanted["security_groups"]:
        run.ec2.write(
            "modify_instance_attribute",
            run.label,
            InstanceId=instance_id,
            Groups=wanted["security_groups"],
        )
    if missing := missing_tags(current["tags"], run.tags):
        run.ec2.write("create_tags", run.label, Resources=[instance_id], Tags=tag_list(missing))
    if current["state"] != "running":
        _await_state(run, [instance_id], ("stopped", "running"))
        run.ec2.write("start_instances", run.label, InstanceIds=[instance_id])
        _await_state(run, [instance_id], ("running",))


def _launch(run: Run) -> str:
    options = run.options
    disk = {
        "VolumeType": "gp3",
        "VolumeSize": options["disk_size"],
        "Encrypted": True,
        "DeleteOnTermination": True,
        **({"KmsKeyId": options["kms_key_arn"]} if options["kms_key_arn"] else {}),
    }
    tags = tag_list(run.tags)

    answer = run.ec2.write(
        "run_instances",
        run.label,
        ImageId=options["image_id"],
        InstanceType=options["instance_type"],
        MinCount=1,
        MaxCount=1,
        EbsOptimized=True,
        IamInstanceProfile={"Name": options["profile"]},
        MetadataOptions=METADATA,
        BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": disk}],
        NetworkInterfaces=[
            {
                "DeviceIndex": 0,
                "AssociatePublicIpAddress": False,
                "SubnetId": options["subnet_ids"][0],
                "Groups": [options["security_group_id"]],
            }
        ],
        TagSpecifications=[
            {"ResourceType": kind, "Tags": tags}
            for kind in ("instance", "volume", "network-interface")
        ],
    )
    made = [str(item["InstanceId"]) for item in answer.get("Instances", [])]
    if not made:
        return UNKNOWN
    _await_state(run, made, ("running",))
    return str(made[0])


def _terminate(run: Run, items: list[Item]) -> None:
    if not items:
        return
    ids = [str(item["InstanceId"]) for item in items]
    run.ec2.write("terminate_instances", run.label, NO_INSTANCE, InstanceIds=ids)
    _await_state(run, ids, ("terminated",))


def _await_state(run: Run, ids: list[str], states: tuple[str, ...]) -> None:
    if run.ec2.check_mode:
        return

    gone = NO_INSTANCE if "terminated" in states else ()

    def pending() -> str | None:
        found = run.ec2.pages(
            "describe_instances", "Reservations", run.label, gone, InstanceIds=ids
        )
        items = [item for reservation in found for item in reservation["Instances"]]
        unseen = set(ids) - {str(item["InstanceId"]) for item in items}
        lacking = [] if gone else [f"{each} not seen" for each in sorted(unseen)]
        for item in items:
            state = item["State"]["Name"]
            if state in ("shutting-down", "terminated") and "terminated" not in states:
                cause = (item.get("StateReason") or {}).get("Message", "AWS gives no reason")
                raise AwsError(
                    f"{run.label} ({item['InstanceId']}) terminated immediately: {cause}. Remove"
                    " the cause (often the key policy or a quota), then run again."
                )
            if state not in states:
                lacking.append(f"{item['InstanceId']} {state}")
        return ", ".join(lacking) or None

    wait_until(f"{run.label} {states[-1]}", pending, timeout=run.options["wait_timeout"])
