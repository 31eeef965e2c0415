"""Instances of managed node groups: what EKS gives them, when a group starts one."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from typing import Any

from rehearsal.aws.wire.query import Parameters

BOUNDARY = "//"


class Launcher:
    """Starts and ends instances in the emulated EC2. ec2: ministack's module."""

    def __init__(self, ec2: Any) -> None:
        self._ec2 = ec2

    def zones(self, group: Mapping[str, Any]) -> list[str]:
        """Zones of a node group's subnets."""
        known = (self._ec2._subnets.get(subnet) for subnet in group["subnets"])
        return sorted({subnet["AvailabilityZone"] for subnet in known if subnet})

    def start(self, group: Mapping[str, Any], zone: str, tags: Mapping[str, str]) -> str:
        """Start an instance of a node group in a zone. Returns its id."""
        data = self._template(group)
        every = {**template_tags(data, "instance"), **tags}
        parameters: Parameters = {
            "InstanceType": group["instanceTypes"][0],
            "SubnetId": self._subnet(group, zone),
            "UserData": user_data(group),
            "TagSpecification.1.ResourceType": "instance",
        }
        for number, (key, value) in enumerate(every.items(), start=1):
            parameters[f"TagSpecification.1.Tag.{number}.Key"] = key
            parameters[f"TagSpecification.1.Tag.{number}.Value"] = value
        for number, identifier in enumerate(data.get("SecurityGroupIds", ()), start=1):
            parameters[f"SecurityGroupId.{number}"] = identifier
        known = set(self._ec2._instances)
        self._ec2._ACTION_MAP["RunInstances"](parameters)
        return str((set(self._ec2._instances) - known).pop())

    def end(self, instances: Iterable[str]) -> None:
        """End instances; what was a record only is gone with its group."""
        for identifier in instances:
            if identifier in self._ec2._instances:
                self._ec2._ACTION_MAP["TerminateInstances"]({"InstanceId.1": identifier})

    def _subnet(self, group: Mapping[str, Any], zone: str) -> str:
        for subnet in group["subnets"]:
            if self._ec2._subnets.get(subnet, {}).get("AvailabilityZone") == zone:
                return str(subnet)
        return str(group["subnets"][0]) if group["subnets"] else ""

    def _template(self, group: Mapping[str, Any]) -> dict[str, Any]:
        """What the node group's launch template says; nothing without one."""
        wanted = group.get("launchTemplate") or {}
        template = self._ec2._launch_templates.get(wanted.get("id"), {})
        for version in template.get("Versions", ()):
            if str(version["VersionNumber"]) == str(wanted.get("version")):
                return dict(version["LaunchTemplateData"])
        return {}


def template_tags(data: Mapping[str, Any], resource: str) -> dict[str, str]:
    """Tags that a launch template gives to a kind of resource."""
    return {
        tag["Key"]: tag["Value"]
        for each in data.get("TagSpecifications", ())
        if each["ResourceType"] == resource
        for tag in each["Tags"]
    }


def user_data(group: Mapping[str, Any]) -> str:
    """What tells a node of Amazon Linux 2023 who it is (base64): nodeadm's NodeConfig, in MIME."""
    labels = {
        **group["labels"],
        "eks.amazonaws.com/capacityType": group["capacityType"],
        "eks.amazonaws.com/nodegroup": group["nodegroupName"],
    }
    taints = [
        {"key": taint["key"], "value": taint.get("value", ""), "effect": EFFECTS[taint["effect"]]}
        for taint in group["taints"]
    ]
    flags = ["--node-labels=" + ",".join(f"{key}={labels[key]}" for key in sorted(labels))]
    config = {
        "apiVersion": "node.eks.aws/v1alpha1",
        "kind": "NodeConfig",
        "spec": {
            "cluster": {"name": group["clusterName"]},
            "kubelet": {"config": {"registerWithTaints": taints}, "flags": flags},
        },
    }
    text = (
        f'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="{BOUNDARY}"\n\n'
        f"--{BOUNDARY}\nContent-Type: application/node.eks.aws\n\n"
        f"{json.dumps(config)}\n--{BOUNDARY}--\n"
    )
    return base64.b64encode(text.encode()).decode()


EFFECTS = {
    "NO_SCHEDULE": "NoSchedule",
    "NO_EXECUTE": "NoExecute",
    "PREFER_NO_SCHEDULE": "PreferNoSchedule",
}
"""EKS's names of a taint's effect -> Kubernetes's."""
