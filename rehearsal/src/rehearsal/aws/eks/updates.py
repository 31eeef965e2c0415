"""Updates of an EKS control plane, which ministack has no calls for: settings, version, insights.

All are done at once here, where AWS would be at work for minutes; each is kept, so that
ListUpdates and DescribeUpdate tell of it.
"""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import Callable
from typing import Any

from rehearsal.aws.eks.nodegroups import Response, answered, refused

PATH = re.compile(r"/clusters/([\w-]+)/(update-config|updates|insights|insights-refresh)(?:/(.+))?")
WEEK = 7 * 24 * 3600
# What UpdateClusterConfig takes, and the type of update that it makes of it.
KINDS = {
    "logging": "LoggingUpdate",
    "resourcesVpcConfig": "VpcConfigUpdate",
    "accessConfig": "AccessConfigUpdate",
    "upgradePolicy": "UpgradePolicyUpdate",
    "deletionProtection": "DeletionProtectionUpdate",
}
MODES = ("CONFIG_MAP", "API_AND_CONFIG_MAP", "API")


class Refusal(Exception):
    """What AWS answers instead: code, words and HTTP status."""

    def __init__(self, code: str, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.code, self.text, self.status = code, text, status


def route(eks: Any, method: str, path: str, body: bytes) -> Response | None:
    """Answer a call about a cluster's updates or insights; None for any other path."""
    match = PATH.fullmatch(path)
    if match is None:
        return None
    name, what, identifier = match.groups()
    cluster = eks._clusters.get(name)
    if cluster is None:
        text = f"No cluster found for name: {name}."
        return refused(eks, 404, "ResourceNotFoundException", text)
    call = ROUTES.get((method, what, identifier is not None))
    if call is None:
        return None
    try:
        return answered(eks, call(eks, cluster, identifier or "", json.loads(body or b"{}")))
    except Refusal as refusal:
        return refused(eks, refusal.status, refusal.code, refusal.text)


def keep(cluster: dict[str, Any], kind: str, **params: str) -> dict[str, Any]:
    """A finished update of a cluster, and the answer that tells of it."""
    update = {
        "id": str(uuid.uuid4()),
        "status": "Successful",
        "type": kind,
        "params": [{"type": key, "value": value} for key, value in params.items()],
        "createdAt": int(time.time()),
        "errors": [],
    }
    cluster.setdefault("_updates", []).append(update)
    return {"update": update}


def configure(_: Any, cluster: dict[str, Any], __: str, wanted: dict[str, Any]) -> dict[str, Any]:
    """UpdateClusterConfig: one kind of setting per call, and only if something changes."""
    given = [key for key in KINDS if key in wanted]
    if len(given) != 1:
        text = "Only one type of update can be allowed."
        raise Refusal("InvalidParameterException", text)
    (key,) = given
    before = json.dumps(cluster.get(key), sort_keys=True)
    CHANGES.get(key, replace)(cluster, key, wanted[key])
    if json.dumps(cluster.get(key), sort_keys=True) == before:
        text = f"No changes needed for the {key} config provided"
        raise Refusal("InvalidParameterException", text)
    return keep(cluster, KINDS[key])


def replace(cluster: dict[str, Any], key: str, value: Any) -> None:
    """A setting that is given as a whole."""
    cluster[key] = value


def change_logging(cluster: dict[str, Any], key: str, value: dict[str, Any]) -> None:
    """Types that are not named stay as they are; reported in at most two groups."""
    state: dict[str, bool] = {}
    for entry in [*cluster.get(key, {}).get("clusterLogging", []), *value["clusterLogging"]]:
        state |= dict.fromkeys(entry["types"], bool(entry["enabled"]))
    groups = [
        {"types": sorted(kind for kind in state if state[kind] is on), "enabled": on}
        for on in (True, False)
    ]
    cluster[key] = {"clusterLogging": [group for group in groups if group["types"]]}


def change_network(cluster: dict[str, Any], key: str, value: dict[str, Any]) -> None:
    """Subnets and groups on the one hand, endpoints on the other, never in one call."""
    places = {"subnetIds", "securityGroupIds"} & set(value)
    if places and places != set(value):
        text = "Only one type of update can be allowed."
        raise Refusal("InvalidParameterException", text)
    cluster[key] = {**cluster[key], **value}


def change_access(cluster: dict[str, Any], key: str, value: dict[str, Any]) -> None:
    """From the config map to the API, never back."""
    mode = value["authenticationMode"]
    current = cluster[key].get("authenticationMode", "CONFIG_MAP")
    if MODES.index(mode) < MODES.index(current):
        text = f"Unsupported authentication mode update from {current} to {mode}"
        raise Refusal("InvalidParameterException", text)
    cluster[key] = {**cluster[key], "authenticationMode": mode}


CHANGES: dict[str, Callable[[dict[str, Any], str, Any], None]] = {
    "logging": change_logging,
    "resourcesVpcConfig": change_network,
    "accessConfig": change_access,
}


def minor(version: str) -> int:
    """ "1.35" -> 35."""
    return int(version.split(".")[1])


def groups_of(eks: Any, cluster: dict[str, Any]) -> list[dict[str, Any]]:
    """The node groups of a cluster."""
    prefix = cluster["name"] + "/"
    return [group for key, group in eks._nodegroups.items() if key.startswith(prefix)]


def change_version(
    eks: Any, cluster: dict[str, Any], _: str, wanted: dict[str, Any]
) -> dict[str, Any]:
    """UpdateClusterVersion: one minor up, or back within a week of going up."""
    old, new = cluster["version"], wanted["version"]
    step = minor(new) - minor(old)
    if step not in (1, -1):
        text = f"Unsupported Kubernetes minor version update from {old} to {new}"
        raise Refusal("InvalidParameterException", text)
    if step == -1 and not went_up(cluster):
        text = f"Cluster {cluster['name']} is not eligible for a rollback to {new}."
        raise Refusal("InvalidRequestException", text)
    lagging = [g["nodegroupName"] for g in groups_of(eks, cluster) if g["version"] != old]
    if step == 1 and lagging:
        text = (
            f"Nodegroups {', '.join(lagging)} must be updated to match cluster version {old} "
            "before updating cluster version"
        )
        raise Refusal("InvalidRequestException", text)
    blocking = [i for i in insights(eks, cluster) if i["insightStatus"]["status"] == "ERROR"]
    category = "UPGRADE_READINESS" if step == 1 else "ROLLBACK_READINESS"
    if any(i["category"] == category for i in blocking) and not wanted.get("force"):
        text = (
            "Upgrade readiness issues detected. Call the EKS ListInsights API to view upgrade "
            "blocking issues detected by EKS. Pass the force flag to override upgrade readiness "
            "errors and proceed with upgrade."
        )
        raise Refusal("InvalidStateException", text)
    cluster["version"] = new
    return keep(cluster, "VersionUpdate" if step == 1 else "VersionRollback", Version=new)


def went_up(cluster: dict[str, Any]) -> bool:
    """Whether the version was raised to what it is now less than a week ago, and not yet undone."""
    versions = [
        update
        for update in cluster.get("_updates", ())
        if update["type"] in ("VersionUpdate", "VersionRollback")
    ]
    return bool(
        versions
        and versions[-1]["type"] == "VersionUpdate"
        and time.time() - versions[-1]["createdAt"] < WEEK
    )


def list_updates(_: Any, cluster: dict[str, Any], __: str, ___: Any) -> dict[str, Any]:
    """ListUpdates: those of the cluster itself."""
    return {"updateIds": [update["id"] for update in cluster.get("_updates", ())]}


def describe_update(_: Any, cluster: dict[str, Any], identifier: str, __: Any) -> dict[str, Any]:
    """DescribeUpdate."""
    for update in cluster.get("_updates", ()):
        if update["id"] == identifier:
            return {"update": update}
    raise Refusal("ResourceNotFoundException", f"No update found for ID: {identifier}", 404)


def insights(eks: Any, cluster: dict[str, Any]) -> list[dict[str, Any]]:
    """What EKS would say of going up and of going back: here, whether the kubelets would fit."""
    version = minor(cluster["version"])
    result = []
    for category, target in (
        ("UPGRADE_READINESS", version + 1),
        ("ROLLBACK_READINESS", version - 1),
    ):
        if category == "ROLLBACK_READINESS" and not went_up(cluster):
            continue
        unfit = [
            group["nodegroupName"]
            for group in groups_of(eks, cluster)
            if not target - 3 <= minor(group["version"]) <= target
        ]
        status = "ERROR" if unfit else "PASSING"
        reason = f"Node groups out of skew: {', '.join(unfit)}" if unfit else "All kubelets fit."
        result.append(
            {
                "id": f"kubelet-skew-1.{target}",
                "name": "Kubelet version skew",
                "category": category,
                "kubernetesVersion": f"1.{target}",
                "lastRefreshTime": int(time.time()),
                "description": "Checks for kubelets outside of the version skew policy.",
                "insightStatus": {"status": status, "reason": reason},
            }
        )
    return result


def list_insights(
    eks: Any, cluster: dict[str, Any], _: str, wanted: dict[str, Any]
) -> dict[str, Any]:
    """ListInsights with its filter."""
    asked = wanted.get("filter", {})
    return {
        "insights": [
            item
            for item in insights(eks, cluster)
            if item["category"] in asked.get("categories", [item["category"]])
            and item["kubernetesVersion"]
            in asked.get("kubernetesVersions", [item["kubernetesVersion"]])
            and item["insightStatus"]["status"]
            in asked.get("statuses", [item["insightStatus"]["status"]])
        ]
    }


def describe_insight(eks: Any, cluster: dict[str, Any], identifier: str, _: Any) -> dict[str, Any]:
    """DescribeInsight: with a recommendation."""
    for item in insights(eks, cluster):
        if item["id"] == identifier:
            advice = "Bring the node groups to a version that the API server supports."
            return {"insight": {**item, "recommendation": advice}}
    raise Refusal("ResourceNotFoundException", f"No insight found for ID: {identifier}", 404)


def refresh(_: Any, __: dict[str, Any], ___: str, ____: Any) -> dict[str, Any]:
    """StartInsightsRefresh and DescribeInsightsRefresh: insights are always fresh here."""
    return {"status": "COMPLETED", "message": "Insights refresh completed successfully"}


Call = Callable[[Any, dict[str, Any], str, Any], dict[str, Any]]
ROUTES: dict[tuple[str, str, bool], Call] = {
    ("POST", "update-config", False): configure,
    ("POST", "updates", False): change_version,
    ("GET", "updates", False): list_updates,
    ("GET", "updates", True): describe_update,
    ("POST", "insights", False): list_insights,
    ("GET", "insights", True): describe_insight,
    ("POST", "insights-refresh", False): refresh,
    ("GET", "insights-refresh", False): refresh,
}
