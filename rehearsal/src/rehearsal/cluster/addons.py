"""What every cluster has before anybody's workloads: DNS, metrics and volumes."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any

import yaml

from rehearsal import world as w
from rehearsal.cluster import control_plane, images, pod_identity
from rehearsal.cluster.api import Api, ApiError
from rehearsal.cluster.node import VOLUMES

DEPLOYMENTS = ("coredns", "metrics-server", "local-path-provisioner")
# The metrics server is not awaited: it is ready after two readings 10 s apart, and what
# needs it (role cluster_addons, an autoscaler) waits for it anyway.
AWAITED = ("coredns", "local-path-provisioner")


def manifests(names: Mapping[str, str], authority: Path) -> Iterator[dict[str, Any]]:
    """All objects, in the order in which they are made.

    names: the world's hosts; authority: certificate of the cluster's authority.
    """
    values = {
        "authority": base64.b64encode(authority.read_bytes()).decode(),
        "pod_identity_port": str(pod_identity.PORT),
        "dns_address": w.DNS_ADDRESS,
        "volumes": VOLUMES,
        "world_zones": " ".join(sorted(names)),
        "world_hosts": "\n            ".join(
            f"{address} {name}" for name, address in sorted(names.items())
        ),
        "pause_image": images.PAUSE.reference,
        "coredns_image": images.COREDNS.reference,
        "metrics_server_image": images.METRICS_SERVER.reference,
        "local_path_image": images.LOCAL_PATH.reference,
    }
    folder = resources.files("rehearsal.cluster") / "manifests"
    for name in ("access", "pod-identity", "coredns", "metrics-server", "storage"):
        text = (folder / f"{name}.yaml").read_text()
        yield from yaml.safe_load_all(Template(text).substitute(values))


def apply(world: w.World, api: Api, names: Mapping[str, str]) -> None:
    """Make all objects. Right after its start the API server may refuse some for a moment."""
    for manifest in manifests(names, world.data / "cluster/pki/ca.crt"):
        what = f"{manifest['kind']} {manifest['metadata']['name']}"

        def probe(manifest: dict[str, Any] = manifest) -> str | None:
            control_plane.check(world)
            try:
                api.apply(manifest)
            except ApiError as error:
                return str(error)
            return None

        world.wait_until(what, probe, timeout=20)


def wait(world: w.World, api: Api, timeout: float = 90) -> None:
    """Wait until DNS and volumes are available."""
    for name in AWAITED:

        def missing(name: str = name) -> str | None:
            control_plane.check(world)
            return unavailable(api, name)

        world.wait_until(f"Deployment {name}", missing, timeout=timeout)


def unavailable(api: Api, name: str) -> str | None:
    """Why a Deployment in kube-system is not available yet, None when it is."""
    path = "/apis/apps/v1/namespaces/kube-system/deployments"
    try:
        deployment = api.get(f"{path}/{name}")
    except ApiError as error:
        return str(error)
    wanted, status = deployment["spec"]["replicas"], deployment["status"]
    ready = status.get("availableReplicas", 0)
    observed = status.get("observedGeneration") == deployment["metadata"]["generation"]
    if observed and ready >= wanted:
        return None
    return f"{ready} of {wanted} replicas are available{_pod_troubles(api, deployment)}"


def _pod_troubles(api: Api, deployment: Mapping[str, Any]) -> str:
    """What its pods say: a waiting container's reason, or why a pod has no node."""
    selector = ",".join(
        f"{k}={v}" for k, v in deployment["spec"]["selector"]["matchLabels"].items()
    )
    try:
        pods = api.get(f"/api/v1/namespaces/kube-system/pods?labelSelector={selector}")["items"]
    except ApiError as error:
        return f" ({error})"
    troubles = sorted({trouble for pod in pods for trouble in _troubles(pod["status"])})
    return f" ({'; '.join(troubles)})" if troubles else ""


def _troubles(status: Mapping[str, Any]) -> Iterator[str]:
    for condition in status.get("conditions", []):
        if condition["type"] == "PodScheduled" and condition["status"] != "True":
            yield condition.get("message", "not scheduled")
    for container in status.get("containerStatuses", []):
        if waiting := container["state"].get("waiting"):
            yield f"{waiting.get('reason')}: {waiting.get('message', 'no message')}"
        elif not container["ready"]:
            yield f"{container['name']} runs and is not ready"
