# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""The two kinds of members of a cluster: pure transformations, no call."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..aws import AwsError, Dict
from .common import merged_tags
from .members import Kind, Step

# --- Node groups ------------------------------------------------------------------


def node_group(raw: Dict) -> Dict:
    """The settings of a node group that this collection manages, lists sorted."""
    scaling = raw.get("scalingConfig", {})
    template = raw.get("launchTemplate")
    return {
        "name": raw["nodegroupName"],
        "node_role_arn": raw.get("nodeRole"),
        "subnet_ids": sorted(raw.get("subnets", [])),
        "instance_types": list(raw.get("instanceTypes") or []),
        "ami_type": raw.get("amiType"),
        "capacity_type": raw.get("capacityType"),
        "disk_size": raw.get("diskSize"),
        "launch_template": template and {"id": template["id"], "version": template["version"]},
        "version": raw.get("version"),
        "min_size": scaling.get("minSize"),
        "max_size": scaling.get("maxSize"),
        "desired_size": scaling.get("desiredSize"),
        "max_unavailable_percentage": raw.get("updateConfig", {}).get("maxUnavailablePercentage"),
        "labels": dict(raw.get("labels") or {}),
        "taints": _taints(raw.get("taints") or []),
        "tags": dict(raw.get("tags", {})),
    }


def _taints(taints: list[Dict]) -> list[Dict]:
    """Taints with all their keys, sorted."""
    full = [
        {"key": taint["key"], "value": taint.get("value") or "", "effect": taint["effect"]}
        for taint in taints
    ]
    return sorted(full, key=lambda taint: (taint["key"], taint["effect"]))


def node_group_after(before: Dict | None, wanted: Mapping[str, Any]) -> Dict:
    """The shape once `wanted` is applied. None stays; a living group keeps its desired size.

    The number of nodes belongs to the autoscaler once they run: only the bounds hold it.
    """
    result: Dict = dict(before or {})
    for key, value in wanted.items():
        if key == "tags":
            result["tags"] = merged_tags(result.get("tags", {}), value)
        elif key == "taints" and value is not None:
            result["taints"] = _taints(value)
        elif value is not None and not (key == "desired_size" and before):
            result[key] = sorted(value) if key == "subnet_ids" else value
    if result.get("launch_template"):
        result["disk_size"] = None  # it is the template's, and AWS reports none
    if before:
        least, most = result["min_size"], result["max_size"]
        result["desired_size"] = min(max(before["desired_size"], least), most)
    return result


def node_group_creation(target: Dict) -> Dict:
    """The parameters of create_nodegroup."""
    parameters: Dict = {
        "nodeRole": target["node_role_arn"],
        "subnets": target["subnet_ids"],
        "instanceTypes": target["instance_types"],
        "amiType": target["ami_type"],
        "capacityType": target["capacity_type"],
        "diskSize": target["disk_size"],
        "launchTemplate": target.get("launch_template"),
        "version": target.get("version"),
        "scalingConfig": _scaling(target),
        "labels": target["labels"],
        "taints": target["taints"],
        "tags": target["tags"],
    }
    if target.get("max_unavailable_percentage"):
        share = target["max_unavailable_percentage"]
        parameters["updateConfig"] = {"maxUnavailablePercentage": share}
    return {key: value for key, value in parameters.items() if value is not None}


def _scaling(target: Dict) -> Dict:
    return {
        "minSize": target["min_size"],
        "maxSize": target["max_size"],
        "desiredSize": target["desired_size"],
    }


def node_group_steps(before: Dict, target: Dict, about: str) -> list[Step]:
    """Sizes, labels and taints in one call, version and template in another. Raises AwsError."""
    _refuse(before, target, about)
    config: Dict = {}
    sizes = ("min_size", "max_size", "desired_size")
    if any(before[key] != target[key] for key in sizes):
        config["scalingConfig"] = _scaling(target)
    share = target.get("max_unavailable_percentage")
    if share != before["max_unavailable_percentage"]:
        config["updateConfig"] = {"maxUnavailablePercentage": share}
    if before["labels"] != target["labels"]:
        config["labels"] = _label_changes(before["labels"], target["labels"])
    if before["taints"] != target["taints"]:
        config["taints"] = _taint_changes(before["taints"], target["taints"])
    result = [Step("update_nodegroup_config", config)] if config else []
    # One call for both, since each rolls all nodes.
    roll = {"version": target["version"], "launchTemplate": target["launch_template"]}
    changed = {
        "version": before["version"] != target["version"],
        "launchTemplate": before["launch_template"] != target["launch_template"],
    }
    if any(changed.values()):
        parameters = {key: roll[key] for key in roll if changed[key]}
        result.append(Step("update_nodegroup_version", parameters))
    return result


FIXED = ("node_role_arn", "subnet_ids", "instance_types", "ami_type", "capacity_type", "disk_size")


def _refuse(before: Dict, target: Dict, about: str) -> None:
    """Raise AwsError for what AWS can't change in place.

    The nodes can be moved to another version of their template, not to another template.
    """
    pairs = {key: (before[key], target[key]) for key in FIXED}
    templates = [(group["launch_template"] or {}).get("id") for group in (before, target)]
    if templates[0] != templates[1]:
        pairs["launch_template"] = (templates[0], templates[1])
        del pairs["disk_size"]  # goes with the template
    told = ", ".join(f"{key} {old} to {new}" for key, (old, new) in pairs.items() if old != new)
    if told:
        raise AwsError(
            f"{about}: AWS can't change {told} in place. Add a group under another name with the "
            "new settings, then take this one out of the list."
        )


def _label_changes(before: Mapping[str, str], target: Mapping[str, str]) -> Dict:
    changes: Dict = {
        "addOrUpdateLabels": {k: v for k, v in target.items() if before.get(k) != v},
        "removeLabels": [k for k in before if k not in target],
    }
    return {key: value for key, value in changes.items() if value}


def _taint_changes(before: list[Dict], target: list[Dict]) -> Dict:
    kept = {(taint["key"], taint["effect"]) for taint in target}
    changes: Dict = {
        "addOrUpdateTaints": [taint for taint in target if taint not in before],
        "removeTaints": [t for t in before if (t["key"], t["effect"]) not in kept],
    }
    return {key: value for key, value in changes.items() if value}


# --- Add-ons ----------------------------------------------------------------------


def addon(raw: Dict) -> Dict:
    """The settings of an add-on that this collection manages."""
    return {
        "name": raw["addonName"],
        "version": raw.get("addonVersion") or None,
        "configuration": json.loads(raw.get("configurationValues") or "{}"),
        "service_account_role_arn": raw.get("serviceAccountRoleArn") or None,
        "tags": dict(raw.get("tags", {})),
    }


def addon_after(before: Dict | None, wanted: Mapping[str, Any]) -> Dict:
    """The shape once `wanted` is applied. None stays as it is (at creation: AWS's default)."""
    result: Dict = {
        "version": None,
        "configuration": {},
        "service_account_role_arn": None,
        **(before or {}),
    }
    for key, value in wanted.items():
        if key == "tags":
            result["tags"] = merged_tags(result.get("tags", {}), value)
        elif value is not None:
            result[key] = value
    return result


def addon_creation(target: Dict) -> Dict:
    """The parameters of create_addon. A fresh cluster has nothing to be in conflict with."""
    parameters = {**_addon_settings(target), "resolveConflicts": "OVERWRITE"}
    return {**parameters, "tags": target["tags"]}


def _addon_settings(target: Dict) -> Dict:
    settings = {
        "addonVersion": target["version"],
        "serviceAccountRoleArn": target["service_account_role_arn"],
    }
    if target["configuration"]:
        settings["configurationValues"] = json.dumps(target["configuration"], sort_keys=True)
    return {key: value for key, value in settings.items() if value is not None}


def addon_steps(before: Dict, target: Dict, about: str) -> list[Step]:  # noqa: ARG001 - as all kinds
    """One update with all settings: those left out would go back to AWS's defaults."""
    keys = ("version", "configuration", "service_account_role_arn")
    if all(before[key] == target[key] for key in keys):
        return []
    return [Step("update_addon", {**_addon_settings(target), "resolveConflicts": "OVERWRITE"})]


NODE_GROUP = Kind(
    "node group",
    "nodegroup",
    "nodegroupName",
    node_group,
    node_group_after,
    node_group_creation,
    node_group_steps,
    "nodegroupArn",
)
ADDON = Kind(
    "add-on",
    "addon",
    "addonName",
    addon,
    addon_after,
    addon_creation,
    addon_steps,
    "addonArn",
)
