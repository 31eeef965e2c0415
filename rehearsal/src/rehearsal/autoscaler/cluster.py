"""What the stand-in reads from the cluster and writes into it."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from rehearsal.autoscaler.quantities import amounts
from rehearsal.autoscaler.scene import Place, Scene
from rehearsal.autoscaler.settings import Settings
from rehearsal.cluster.api import Api, ApiError

Dict = dict[str, Any]

RELEASE = "labelSelector=app.kubernetes.io/name%3Daws-cluster-autoscaler"
ROLE = "eks.amazonaws.com/role-arn"
AUDIENCE = "sts.amazonaws.com"
LEAVING = "ToBeDeletedByClusterAutoscaler"
CUT_OFF = -10
"""Pods of a lower priority make no group grow, as by default."""


class Cluster:
    """The cluster's objects that matter here."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def items(self, path: str) -> list[Dict]:
        """All objects of a kind."""
        found: list[Dict] = self._api.get(path)["items"]
        return found

    def settings(self) -> Settings | None:
        """The release's settings; None while it is not installed."""
        found = self.items(f"/api/v1/configmaps?{RELEASE}")
        if not found:
            return None
        data = json.loads(found[0]["data"]["settings.json"])
        return Settings.of(found[0]["metadata"]["namespace"], data)

    def role(self, settings: Settings) -> str:
        """ARN of the role that the service account names."""
        path = f"/api/v1/namespaces/{settings.namespace}/serviceaccounts"
        account = self._api.get(f"{path}/{settings.service_account}")
        return str((account["metadata"].get("annotations") or {}).get(ROLE, ""))

    def token(self, settings: Settings) -> str:
        """A token of the service account for STS, as its pods get one."""
        path = f"/api/v1/namespaces/{settings.namespace}/serviceaccounts"
        made = self._api.create(
            f"{path}/{settings.service_account}/token",
            {
                "apiVersion": "authentication.k8s.io/v1",
                "kind": "TokenRequest",
                "spec": {"audiences": [AUDIENCE], "expirationSeconds": 3600},
            },
        )
        return str(made["status"]["token"])

    def nodes(self) -> list[Dict]:
        """All nodes."""
        return self.items("/api/v1/nodes")

    def budgets(self) -> list[Dict]:
        """All disruption budgets."""
        return self.items("/apis/policy/v1/poddisruptionbudgets")

    def pods(self) -> list[Dict]:
        """All pods that have not ended."""
        ended = "status.phase!=Succeeded,status.phase!=Failed"
        return self.items(f"/api/v1/pods?fieldSelector={ended}")

    def scene(self, nodes: list[Dict], pods: list[Dict]) -> Scene:
        """Nodes that take pods, with their pods."""
        places = {node["metadata"]["name"]: place_of(node) for node in nodes if takes_pods(node)}
        for pod in pods:
            if place := places.get(pod["spec"].get("nodeName", "")):
                place.pods.append(pod)
        volumes = {
            each["metadata"]["name"]: each for each in self.items("/api/v1/persistentvolumes")
        }
        return Scene(
            list(places.values()),
            {
                each["metadata"]["name"]: each["metadata"].get("labels") or {}
                for each in self.items("/api/v1/namespaces")
            },
            {
                f"{claim['metadata']['namespace']}/{claim['metadata']['name']}": volumes[name]
                for claim in self.items("/api/v1/persistentvolumeclaims")
                if (name := claim["spec"].get("volumeName")) in volumes
            },
        )

    def mark(self, node: str, *, leaving: bool) -> None:
        """Let no further pod come to a node, or let them come again."""
        path = f"/api/v1/nodes/{node}"
        taints = [
            taint
            for taint in self._api.get(path)["spec"].get("taints") or []
            if taint["key"] != LEAVING
        ]
        if leaving:
            now = str(int(time.time()))
            taints.append({"key": LEAVING, "value": now, "effect": "NoSchedule"})
        self._api.patch(path, {"spec": {"taints": taints}})

    def evict(self, pod: Dict) -> None:
        """Ask a pod to go; a budget that forbids it now is asked again in the next round."""
        metadata = pod["metadata"]
        path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}"
        try:
            self._api.create(
                f"{path}/eviction",
                {
                    "apiVersion": "policy/v1",
                    "kind": "Eviction",
                    "metadata": {"name": metadata["name"], "namespace": metadata["namespace"]},
                },
            )
        except ApiError as error:
            if error.status not in (404, 429):
                raise

    def tell(self, what: Mapping[str, Any], kind: str, reason: str, text: str) -> None:
        """An event at a pod or a node."""
        metadata = what["metadata"]
        namespace = metadata.get("namespace", "default")
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        self._api.create(
            f"/api/v1/namespaces/{namespace}/events",
            {
                "apiVersion": "v1",
                "kind": "Event",
                "metadata": {"generateName": f"{metadata['name']}."},
                "involvedObject": {
                    "apiVersion": "v1",
                    "kind": kind,
                    "name": metadata["name"],
                    "namespace": metadata.get("namespace", ""),
                    "uid": metadata["uid"],
                },
                "type": "Normal",
                "reason": reason,
                "message": text,
                "source": {"component": "cluster-autoscaler"},
                "firstTimestamp": now,
                "lastTimestamp": now,
                "count": 1,
            },
        )


def place_of(node: Dict) -> Place:
    """A node without its pods."""
    return Place(
        node["metadata"]["name"],
        node["metadata"].get("labels") or {},
        node["spec"].get("taints") or [],
        amounts(node["status"]["allocatable"]),
    )


def takes_pods(node: Dict) -> bool:
    """Whether a node is ready and not cordoned."""
    conditions = node["status"].get("conditions") or []
    ready = any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
    return ready and not node["spec"].get("unschedulable")


def leaving(node: Dict) -> bool:
    """Whether a node is marked to be ended."""
    return any(taint["key"] == LEAVING for taint in node["spec"].get("taints") or [])


def waits_for_node(pod: Dict) -> bool:
    """Whether the scheduler has found no node for a pod."""
    return (
        not pod["spec"].get("nodeName")
        and "deletionTimestamp" not in pod["metadata"]
        and pod["spec"].get("priority", 0) >= CUT_OFF
        and any(
            each["type"] == "PodScheduled" and each.get("reason") == "Unschedulable"
            for each in pod["status"].get("conditions") or []
        )
    )
