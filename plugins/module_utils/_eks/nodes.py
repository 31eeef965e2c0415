# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Node groups of a cluster: pure transformations, no call."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..aws import AwsError, Dict
from .common import merged_tags
from .members import Kind, Step
from .version import minor

# Stands for the release of an image that AWS picks when it rolls the nodes.
NEWEST = "(newest of its version)"


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
        "release_version": raw.get("releaseVersion"),
        "min_size": scaling.get("minSize"),
        "max_size": scaling.get("maxSize"),
        "desired_size": scaling.get("desiredSize"),
        **_update_config(raw.get("updateConfig", {})),
        "node_repair": raw.get("nodeRepairConfig", {}).get("enabled", False),
        "labels": dict(raw.get("labels") or {}),
        "taints": _taints(raw.get("taints") or []),
        "tags": dict(raw.get("tags", {})),
    }


def _update_config(raw: Mapping[str, Any]) -> Dict:
    return {
        "max_unavailable": raw.get("maxUnavailable"),
        "max_unavailable_percentage": raw.get("maxUnavailablePercentage"),
        "update_strategy": raw.get("updateStrategy") or "DEFAULT",
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
        elif value is not None and not (key == "desired_size" and before):
            result[key] = _ordered(key, value)
    if result.get("launch_template"):
        result["disk_size"] = None  # it is the template's, and AWS reports none
    _choose_share(result, wanted)
    if before:
        least, most = result["min_size"], result["max_size"]
        result["desired_size"] = min(max(before["desired_size"], least), most)
        if rolls(before, result) and not wanted.get("release_version"):
            result["release_version"] = NEWEST
    return result


def _ordered(key: str, value: Any) -> Any:
    """A setting whose order means nothing, sorted."""
    if key == "taints":
        return _taints(value)
    return sorted(value) if key == "subnet_ids" else value


def _choose_share(result: Dict, wanted: Mapping[str, Any]) -> None:
    """AWS keeps one of the two ways to bound an update: setting one drops the other."""
    ways = ("max_unavailable", "max_unavailable_percentage")
    for way, other in (ways, ways[::-1]):
        if wanted.get(way):
            result[other] = None


def rolls(before: Dict, target: Dict) -> bool:
    """Whether all nodes are replaced on the way from one shape to the other."""
    keys = ("version", "launch_template", "release_version")
    return any(before.get(key) != target.get(key) for key in keys)


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
        "releaseVersion": target.get("release_version"),
        "scalingConfig": _scaling(target),
        "labels": target["labels"],
        "taints": target["taints"],
        "tags": target["tags"],
    }
    if share := _share(target):
        parameters["updateConfig"] = share
    if target.get("node_repair") is not None:
        parameters["nodeRepairConfig"] = {"enabled": target["node_repair"]}
    return {key: value for key, value in parameters.items() if value is not None}


def _scaling(target: Dict) -> Dict:
    return {
        "minSize": target["min_size"],
        "maxSize": target["max_size"],
        "desiredSize": target["desired_size"],
    }


def _share(target: Dict) -> Dict:
    """The `updateConfig` of a call."""
    named = {
        "maxUnavailable": target.get("max_unavailable"),
        "maxUnavailablePercentage": target.get("max_unavailable_percentage"),
    }
    chosen: Dict = {key: value for key, value in named.items() if value}
    if chosen and target.get("update_strategy"):
        chosen["updateStrategy"] = target["update_strategy"]
    return chosen


def node_group_steps(
    before: Dict, target: Dict, about: str, *, force: bool = False, back: bool = False
) -> list[Step]:
    """Settings in one call, what rolls the nodes in another. Raises AwsError.

    force: whether a roll ends pods that a PodDisruptionBudget holds; back: whether the nodes may
    go to an older Kubernetes version.
    """
    _refuse(before, target, about)
    if not back and minor(target["version"]) < minor(before["version"]):
        raise AwsError(
            f"{about} is at {before['version']}, and {target['version']} is older. Nodes change to"
            " an older version only as the first step of a cluster rollback, which must be"
            " requested explicitly (rollback)."
        )
    config = _settings(before, target)
    result = [Step("update_nodegroup_config", config)] if config else []
    if rolls(before, target):
        # With its version: without one AWS would take the nodes to the cluster's.
        parameters: Dict = {"version": target["version"]}
        if before["launch_template"] != target["launch_template"]:
            parameters["launchTemplate"] = target["launch_template"]
        if target["release_version"] not in (NEWEST, before["release_version"]):
            parameters["releaseVersion"] = target["release_version"]
        if force:
            parameters["force"] = True
        result.append(Step("update_nodegroup_version", parameters))
    return result


def _settings(before: Dict, target: Dict) -> Dict:
    """The parameters of update_nodegroup_config; empty without a difference."""

    def differ(*names: str) -> bool:
        return any(before.get(name) != target.get(name) for name in names)

    config: Dict = {}
    if differ("min_size", "max_size", "desired_size"):
        config["scalingConfig"] = _scaling(target)
    if differ("max_unavailable", "max_unavailable_percentage", "update_strategy"):
        config["updateConfig"] = _share(target)
    if differ("node_repair"):
        config["nodeRepairConfig"] = {"enabled": target["node_repair"]}
    if differ("labels"):
        config["labels"] = _label_changes(before["labels"], target["labels"])
    if differ("taints"):
        config["taints"] = _taint_changes(before["taints"], target["taints"])
    return config


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
            f"{about}: AWS cannot change {told} in place. Add a group with another name and the"
            " new settings, then remove this group from the list."
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


def nodes(*, force: bool, back: bool) -> Kind:
    """The kind, with what the caller allows (see node_group_steps)."""
    return replace(NODE_GROUP, steps=functools.partial(node_group_steps, force=force, back=back))
