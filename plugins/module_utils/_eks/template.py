# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Launch templates of node groups: security groups, disk, instance metadata, tags.

EKS chooses image, instance type and start script itself; a template of ours holds
only what EKS leaves open.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .. import ownership
from ..aws import Dict, tag_dict
from ..reconcile import UNKNOWN, Api, Plan, missing_tags, tag_list

# The root volume of Amazon Linux.
ROOT_DEVICE = "/dev/xvda"
TAGGED = ("instance", "volume")
KEYS = ("SecurityGroupIds", "MetadataOptions", "BlockDeviceMappings", "TagSpecifications")
THERE = ("InvalidLaunchTemplateName.AlreadyExistsException",)
NO_TEMPLATE = ("InvalidLaunchTemplateId.NotFound", "InvalidLaunchTemplateId.NotFoundException")


def name_of(cluster: str, group: str) -> str:
    """The name of a node group's template."""
    return f"{cluster}-{group}"


def shape(data: Mapping[str, Any]) -> Dict:
    """What a version's LaunchTemplateData says, lists sorted, without what AWS adds on its own.

    others: settings that are not ours, which somebody else's version has.
    """
    metadata = data.get("MetadataOptions", {})
    return {
        "security_group_ids": sorted(data.get("SecurityGroupIds", [])),
        "metadata": {
            "tokens": metadata.get("HttpTokens"),
            "hop_limit": metadata.get("HttpPutResponseHopLimit"),
        },
        "volumes": [
            {
                "device": mapping.get("DeviceName"),
                "size": mapping.get("Ebs", {}).get("VolumeSize"),
                "type": mapping.get("Ebs", {}).get("VolumeType"),
                "encrypted": mapping.get("Ebs", {}).get("Encrypted", False),
                "kms_key_arn": mapping.get("Ebs", {}).get("KmsKeyId"),
            }
            for mapping in data.get("BlockDeviceMappings", [])
        ],
        "tags_of": {
            entry["ResourceType"]: tag_dict(entry.get("Tags"))
            for entry in data.get("TagSpecifications", [])
        },
        "others": sorted(key for key in data if key not in KEYS),
    }


def data_of(wanted: Mapping[str, Any], security_group_ids: Sequence[str], tags: Dict) -> Dict:
    """The LaunchTemplateData of a node group.

    wanted: name, disk_size (GiB), and maybe kms_key_arn of the disk. The token of the
    metadata service (IMDSv2) has one hop, so that it ends at the node: pods have
    identities of their own.
    """
    ebs = {
        "VolumeSize": wanted["disk_size"],
        "VolumeType": "gp3",
        "Encrypted": True,
        "DeleteOnTermination": True,
    }
    if wanted.get("kms_key_arn"):
        ebs["KmsKeyId"] = wanted["kms_key_arn"]
    return {
        "SecurityGroupIds": sorted(security_group_ids),
        "MetadataOptions": {
            "HttpEndpoint": "enabled",
            "HttpTokens": "required",
            "HttpPutResponseHopLimit": 1,
        },
        "BlockDeviceMappings": [{"DeviceName": ROOT_DEVICE, "Ebs": ebs}],
        "TagSpecifications": [{"ResourceType": kind, "Tags": tag_list(tags)} for kind in TAGGED],
    }


def find(api: Api, cluster: str, groups: Sequence[str]) -> dict[str, Dict]:
    """The templates that exist, as AWS describes them, by node group."""
    names = {name_of(cluster, group): group for group in groups}
    found = api.pages(
        "describe_launch_templates",
        "LaunchTemplates",
        f"launch templates of EKS cluster {cluster}",
        Filters=[{"Name": "launch-template-name", "Values": list(names)}],
    )
    return {names[item["LaunchTemplateName"]]: item for item in found}


def ensure_present(
    api: Api,
    plan: Plan,
    cluster: str,
    wanted: Sequence[Mapping[str, Any]],
    security_group_ids: Sequence[str],
    tags: Dict,
) -> dict[str, Dict]:
    """Make each template, or a new version of it when it differs: {group: {id, version}}."""
    found = find(api, cluster, [item["name"] for item in wanted])
    for group, taken in found.items():
        label = _label(name_of(cluster, group))
        ownership.refuse_others(label, tag_dict(taken.get("Tags")), tags)
    result = {}
    for item in wanted:
        name = name_of(cluster, item["name"])
        data = data_of(item, security_group_ids, {**tags, "Name": name})
        known = found.get(item["name"])
        made, template = (False, known) if known else _create(api, cluster, item, data, tags)
        if made:
            plan.record(_label(name), None, {**shape(data), "tags": tags})
            result[item["name"]] = {"id": template["LaunchTemplateId"], "version": "1"}
        else:
            result[item["name"]] = _update(api, plan, name, template, data, tags)
    return result


def _label(name: str) -> str:
    return f"launch template {name}"


def _create(
    api: Api, cluster: str, item: Mapping[str, Any], data: Dict, tags: Dict
) -> tuple[bool, Dict]:
    """Make a template; return whether there was none, and the template.

    Raises:
        AwsError: it was made since it was looked for, by somebody else.
    """
    label = _label(name_of(cluster, item["name"]))

    def there() -> Dict | None:
        known = find(api, cluster, [item["name"]]).get(item["name"])
        return {"LaunchTemplate": known} if known else None

    made, answer = api.create_unless_there(
        "create_launch_template",
        label,
        there,
        THERE,
        LaunchTemplateName=name_of(cluster, item["name"]),
        LaunchTemplateData=data,
        TagSpecifications=[{"ResourceType": "launch-template", "Tags": tag_list(tags)}],
    )
    template: Dict = answer.get("LaunchTemplate", {"LaunchTemplateId": UNKNOWN})
    if not made:
        ownership.refuse_others(label, tag_dict(template.get("Tags")), tags)
    return made, template


def _update(api: Api, plan: Plan, name: str, known: Dict, data: Dict, tags: Dict) -> Dict:
    label = _label(name)
    which = {"LaunchTemplateId": known["LaunchTemplateId"]}
    plan.identify(label, known["LaunchTemplateId"])
    answer = api.read("describe_launch_template_versions", label, **which, Versions=["$Latest"])
    latest = answer["LaunchTemplateVersions"][0]
    before, after = shape(latest["LaunchTemplateData"]), shape(data)
    version = int(latest["VersionNumber"])
    if before != after:
        version += 1
        made = api.write(
            "create_launch_template_version", label, **which, LaunchTemplateData=data
        ).get("LaunchTemplateVersion", {})
        version = int(made.get("VersionNumber", version))
    current = tag_dict(known.get("Tags"))
    if missing := missing_tags(current, tags):
        resources = [known["LaunchTemplateId"]]
        api.write("create_tags", label, Resources=resources, Tags=tag_list(missing))
    shown = {key: current[key] for key in tags if key in current}
    plan.record(label, {**before, "tags": shown}, {**after, "tags": tags})
    return {"id": known["LaunchTemplateId"], "version": str(version)}


def ensure_absent(
    api: Api, plan: Plan, cluster: str, groups: Sequence[str], tags: Mapping[str, str]
) -> None:
    """Delete the templates that exist, with all their versions.

    tags: those that say whose they are; without them they go whoever they belong to.
    """
    found = find(api, cluster, groups)
    # Whose each of them is, before the first is removed.
    for group, known in found.items() if ownership.proof(tags) else ():
        label = _label(name_of(cluster, group))
        ownership.require_ours(label, tag_dict(known.get("Tags")), tags)
    for group, known in found.items():
        label = _label(name_of(cluster, group))
        plan.record(label, {"id": known["LaunchTemplateId"]}, None)
        which = {"LaunchTemplateId": known["LaunchTemplateId"]}
        api.write("delete_launch_template", label, NO_TEMPLATE, **which)
