"""What the stand-in reads from the cluster and writes into it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rehearsal.balancer.wanted import FINALIZER, Group
from rehearsal.cluster.api import Api, ApiError

Dict = dict[str, Any]

CONTROLLER = "ingress.k8s.aws/alb"
INGRESSES = "/apis/networking.k8s.io/v1"
WATCHED = (
    f"{INGRESSES}/ingresses",
    f"{INGRESSES}/ingressclasses",
    "/api/v1/services",
    "/apis/discovery.k8s.io/v1/endpointslices",
)


@dataclass(frozen=True)
class Settings:
    """What the release says (values of rehearsal/charts/aws-load-balancer-controller)."""

    cluster: str
    region: str
    vpc: str
    tags: tuple[tuple[str, str], ...]


class Cluster:
    """The cluster's objects that matter here."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def watch(self, changed: Callable[[], None]) -> None:
        """Call `changed` whenever something that matters does, from now on."""
        for path in WATCHED:
            threading.Thread(target=self._follow, args=(path, changed), daemon=True).start()

    def _follow(self, path: str, changed: Callable[[], None]) -> None:
        while True:
            try:
                for _ in self._api.watch(path):
                    changed()
            except ApiError:
                time.sleep(1)

    def items(self, path: str) -> list[Dict]:
        """All objects of a kind."""
        found: list[Dict] = self._api.get(path)["items"]
        return found

    def settings(self) -> Settings | None:
        """The release's settings; None while it is not installed."""
        selector = "labelSelector=app.kubernetes.io/name%3Daws-load-balancer-controller"
        found = self.items(f"/api/v1/configmaps?{selector}")
        if not found:
            return None
        data = json.loads(found[0]["data"]["settings.json"])
        return Settings(
            data["clusterName"],
            data["region"],
            data["vpcId"],
            tuple(sorted((data["defaultTags"] or {}).items())),
        )

    def ingresses(self) -> list[Dict]:
        """Ingresses of this controller's classes."""
        classes = {
            each["metadata"]["name"]
            for each in self.items(f"{INGRESSES}/ingressclasses")
            if each["spec"]["controller"] == CONTROLLER
        }
        found = self.items(f"{INGRESSES}/ingresses")
        return [each for each in found if each["spec"].get("ingressClassName") in classes]

    def services(self) -> dict[str, Dict]:
        """Services by <namespace>/<name>."""
        return {
            f"{each['metadata']['namespace']}/{each['metadata']['name']}": each
            for each in self.items("/api/v1/services")
        }

    def endpoints(self, group: Group) -> dict[tuple[str, int], tuple[str, bool]]:
        """Addresses of a group: {(address, port): (pod, ready)}; none of pods that end.

        A pod that only waits for its gate is registered, too: the gate opens no other way.
        """
        selector = f"labelSelector=kubernetes.io/service-name%3D{group.service}"
        path = f"/apis/discovery.k8s.io/v1/namespaces/{group.namespace}/endpointslices?{selector}"
        found: dict[tuple[str, int], tuple[str, bool]] = {}
        for piece in self.items(path):
            for port, endpoint in pairs(piece, group):
                conditions = endpoint.get("conditions") or {}
                if conditions.get("terminating"):
                    continue
                pod = (endpoint.get("targetRef") or {}).get("name", "")
                ready = bool(conditions.get("ready"))
                if ready or (pod and self._waits(group, pod)):
                    for address in endpoint["addresses"]:
                        found[(address, port)] = (pod, ready)
        return found

    def _waits(self, group: Group, pod: str) -> bool:
        """Whether a pod's containers are ready and a gate of this group is not."""
        try:
            found = self._api.get(f"/api/v1/namespaces/{group.namespace}/pods/{pod}")
        except ApiError:
            return False
        gates = {each["conditionType"] for each in found["spec"].get("readinessGates") or []}
        states = {each["type"]: each["status"] for each in found["status"].get("conditions", [])}
        return group.condition in gates and states.get("ContainersReady") == "True"

    def open_gate(self, group: Group, pod: str, healthy: bool, reason: str) -> None:
        """Write a target's health into its pod, if that has the gate."""
        path = f"/api/v1/namespaces/{group.namespace}/pods/{pod}"
        try:
            found = self._api.get(path)
            gates = {each["conditionType"] for each in found["spec"].get("readinessGates") or []}
            if group.condition not in gates:
                return
            status = "True" if healthy else "False"
            known = {each["type"]: each["status"] for each in found["status"].get("conditions", [])}
            if known.get(group.condition) == status:
                return
            condition = {
                "type": group.condition,
                "status": status,
                "reason": reason or "TargetHealthy",
                "lastTransitionTime": now(),
            }
            change = {"status": {"conditions": [condition]}}
            self._api.patch(f"{path}/status", change, strategic=True)
        except ApiError as error:
            if error.status != 404:
                raise

    def hold(self, ingress: Dict, held: bool) -> None:
        """Put the finalizer on an Ingress, or take it away."""
        metadata = ingress["metadata"]
        finalizers = [each for each in metadata.get("finalizers") or [] if each != FINALIZER]
        if held:
            finalizers.append(FINALIZER)
        if finalizers != (metadata.get("finalizers") or []):
            self._api.patch(path_of(ingress), {"metadata": {"finalizers": finalizers}})

    def publish(self, ingress: Dict, name: str) -> None:
        """Write the load balancer's name into the Ingress's status."""
        wanted = [{"hostname": name}]
        balancer = (ingress.get("status") or {}).get("loadBalancer") or {}
        if [{"hostname": each.get("hostname")} for each in balancer.get("ingress") or []] != wanted:
            change = {"status": {"loadBalancer": {"ingress": wanted}}}
            self._api.patch(path_of(ingress) + "/status", change)

    def tell(self, ingress: Dict, reason: str, text: str) -> None:
        """A warning at an Ingress."""
        metadata = ingress["metadata"]
        self._api.create(
            f"/api/v1/namespaces/{metadata['namespace']}/events",
            {
                "apiVersion": "v1",
                "kind": "Event",
                "metadata": {"generateName": f"{metadata['name']}."},
                "involvedObject": {
                    "apiVersion": "networking.k8s.io/v1",
                    "kind": "Ingress",
                    "name": metadata["name"],
                    "namespace": metadata["namespace"],
                    "uid": metadata["uid"],
                },
                "type": "Warning",
                "reason": reason,
                "message": text,
                "source": {"component": "ingress"},
                "firstTimestamp": now(),
                "lastTimestamp": now(),
                "count": 1,
            },
        )


def pairs(piece: Mapping[str, Any], group: Group) -> Iterable[tuple[int, Dict]]:
    """Ports of an EndpointSlice that are the group's, with each of its endpoints."""
    ports = [
        port["port"]
        for port in piece.get("ports") or []
        if port.get("name") == group.port or (not port.get("name") and group.port.isdecimal())
    ]
    return [(port, endpoint) for port in ports for endpoint in piece.get("endpoints") or []]


def path_of(ingress: Mapping[str, Any]) -> str:
    """An Ingress's path in the API."""
    metadata = ingress["metadata"]
    return f"{INGRESSES}/namespaces/{metadata['namespace']}/ingresses/{metadata['name']}"


def now() -> str:
    """The time as the API writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
