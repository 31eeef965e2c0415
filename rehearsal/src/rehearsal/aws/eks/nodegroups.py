"""What EKS knows of a node group and ministack does not: template, update settings, updates."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable
from typing import Any

Response = tuple[int, dict[str, str], bytes]

RESERVED = ("kubernetes.io", "k8s.io", "eks.amazonaws.com")
ARM = re.compile(r"(a1|[a-z]+\d+g\w*)(-\w+)?\.")
"""Instance types with AWS's own processors."""
UPDATE = re.compile(r"/clusters/([\w-]+)/node-groups/([\w-]+)/update-(config|version)")


def with_settings(
    eks: Any, create: Callable[[str, Any], Response], cluster: str, body: Any
) -> Response:
    """AWS: updateConfig (by default one node at a time), launchTemplate, node repair and the
    release of the image. ministack: none of them.

    With a launch template the disk is the template's: AWS refuses diskSize and reports none.
    """
    if refusal := of_labels(eks, body.get("labels", {})):
        return refusal
    if refusal := of_types(eks, body):
        return refusal
    template = body.get("launchTemplate")
    if template and "diskSize" in body:
        text = "Disk size must be specified within the launch template."
        return refused(eks, 400, "InvalidParameterException", text)
    response = create(cluster, body)
    if response[0] != 200:
        return response
    group = eks._nodegroups[f"{cluster}/{body['nodegroupName']}"]
    group["updateConfig"] = body.get("updateConfig") or {"maxUnavailable": 1}
    group["nodeRepairConfig"] = body.get("nodeRepairConfig") or {"enabled": False}
    group["releaseVersion"] = body.get("releaseVersion") or release(group["version"])
    if template:
        group["launchTemplate"] = template
        del group["diskSize"]
    return answered(eks, {"nodegroup": group})


def of_labels(eks: Any, labels: dict[str, str]) -> Response | None:
    """AWS refuses labels of Kubernetes' domains and its own. ministack takes all."""
    domains = [key.rpartition("/")[0] for key in labels]
    if any(domain == own or domain.endswith(f".{own}") for domain in domains for own in RESERVED):
        text = (
            f"Label cannot contain reserved prefixes [{', '.join(f'{own}/' for own in RESERVED)}]"
        )
        return refused(eks, 400, "InvalidParameterException", text)
    return None


def of_types(eks: Any, body: Any) -> Response | None:
    """AWS refuses more than 20 types, and those of another architecture than the image's.
    ministack takes all."""
    image, kinds = body.get("amiType", "AL2023_x86_64_STANDARD"), body.get("instanceTypes", [])
    if len(kinds) > 20:
        text = "Instance types can have at most 20 values"
        return refused(eks, 400, "InvalidParameterException", text)
    for kind in kinds:
        if bool(ARM.match(kind)) != ("_ARM_64" in image) and image != "CUSTOM":
            text = f"[{kind}] is not a valid instance type for requested amiType {image}"
            return refused(eks, 400, "InvalidParameterException", text)
    return None


def update(eks: Any, path: str, body: bytes) -> Response | None:
    """AWS: UpdateNodegroupConfig and UpdateNodegroupVersion; None for any other path.

    They are done at once here, where AWS would be at work for minutes.
    """
    match = UPDATE.fullmatch(path)
    if match is None:
        return None
    cluster, name, what = match.groups()
    group = eks._nodegroups.get(f"{cluster}/{name}")
    if group is None:
        text = f"No node group found for name: {name}."
        return refused(eks, 404, "ResourceNotFoundException", text)
    wanted = json.loads(body or b"{}")
    if what == "version":
        if "launchTemplate" in wanted and "launchTemplate" not in group:
            text = "Node group was created without a launch template; it can't be given one."
            return refused(eks, 400, "InvalidRequestException", text)
        newest = eks._clusters[cluster]["version"]
        version = wanted.get("version", group["version"])
        if tuple(map(int, version.split("."))) > tuple(map(int, newest.split("."))):
            text = f"Requested version {version} is newer than the cluster's, {newest}."
            return refused(eks, 400, "InvalidParameterException", text)
        group |= {key: wanted[key] for key in ("version", "launchTemplate") if key in wanted}
        group["releaseVersion"] = wanted.get("releaseVersion") or release(version)
    else:
        if refusal := of_labels(eks, wanted.get("labels", {}).get("addOrUpdateLabels", {})):
            return refusal
        configure(group, wanted)
    kind = "VersionUpdate" if what == "version" else "ConfigUpdate"
    done = {"id": str(uuid.uuid4()), "status": "Successful", "type": kind}
    return answered(eks, {"update": done})


def configure(group: dict[str, Any], wanted: dict[str, Any]) -> None:
    """Apply an UpdateNodegroupConfig."""
    whole = ("scalingConfig", "updateConfig", "nodeRepairConfig")
    group |= {key: wanted[key] for key in whole if key in wanted}
    labels = wanted.get("labels", {})
    removed = set(labels.get("removeLabels", ()))
    kept = {key: value for key, value in group["labels"].items() if key not in removed}
    group["labels"] = kept | labels.get("addOrUpdateLabels", {})
    taints = wanted.get("taints", {})
    added = taints.get("addOrUpdateTaints", [])
    gone = {identity(taint) for taint in [*added, *taints.get("removeTaints", ())]}
    group["taints"] = [taint for taint in group["taints"] if identity(taint) not in gone] + added


def release(version: str) -> str:
    """The newest release of the image for a Kubernetes version."""
    return f"{version}.0-20261101"


def identity(taint: dict[str, str]) -> tuple[str, str]:
    """What a taint is known by."""
    return taint["key"], taint["effect"]


def answered(eks: Any, content: Any) -> Response:
    """A successful answer in the form of EKS."""
    response: Response = eks._json_resp(200, content)
    return response


def refused(eks: Any, status: int, code: str, text: str) -> Response:
    """A refusal in the form of EKS."""
    response: Response = eks._error(status, code, text)
    return response
