# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Reads what a look at a release needs, and what says more about a cause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from ..kube import Kube, KubeError
from .gates import any_binding
from .mask import mask, secrets_of_pod, values_of_all
from .model import HELM_RELEASE, INSTANCE, Cause, Dict, Snapshot, event_time

KINDS = {
    "Deployment": "deployments",
    "StatefulSet": "statefulsets",
    "DaemonSet": "daemonsets",
}


def selected(item: Mapping[str, Dict], release: str, labels: Mapping[str, str]) -> bool:
    """Whether a workload is one of the release and carries the labels."""
    metadata = item["metadata"]
    own = metadata.get("labels") or {}
    if any(own.get(key) != value for key, value in labels.items()):
        return False
    return not release or release in (
        (metadata.get("annotations") or {}).get(HELM_RELEASE),
        own.get(INSTANCE),
    )


class Reader:
    """Reads one namespace.

    Args:
        kube: the cluster.
        namespace: the release's.
        release: name of a Helm release, empty for all workloads.
        labels: which the workloads must carry.
    """

    def __init__(self, kube: Kube, namespace: str, release: str, labels: Mapping[str, str]) -> None:
        self.kube = kube
        self.namespace = namespace
        self.release = release
        self.labels = labels
        self._hidden: dict[str, set[str] | None] = {}

    def workloads(self) -> list[Dict]:
        """Return the workloads asked for, in order of kind and name.

        Raises:
            KubeError: they can't be read.
        """
        found = []
        for kind, plural in KINDS.items():
            for item in self._list("apps/v1", plural):
                if selected(item, self.release, self.labels):
                    found.append({**item, "kind": kind})
        return found

    def snapshot(self, workloads: list[Dict]) -> Snapshot:
        """Return the objects that say why workloads are not up."""
        pods = self.pods()
        return Snapshot(
            workloads=workloads,
            replica_sets=[
                {**item, "kind": "ReplicaSet"} for item in self._list("apps/v1", "replicasets")
            ],
            pods=pods,
            events=sorted(self._list("", "events"), key=event_time),
            claims=self._list("", "persistentvolumeclaims"),
            nodes=self._nodes(),
            bindings=self._bindings() if any_binding(pods) else None,
        )

    def pods(self) -> list[Dict]:
        """Return all pods of the namespace."""
        return self._list("", "pods")

    def _list(self, group: str, plural: str) -> list[Dict]:
        base = f"/apis/{group}" if group else "/api/v1"
        return self.kube.items(f"{base}/namespaces/{self.namespace}/{plural}")

    def _nodes(self) -> list[Dict]:
        # Who may see a namespace only can't be told that a node is lost.
        try:
            return self.kube.items("/api/v1/nodes")
        except KubeError as error:
            if error.status == 403:
                return []
            raise

    def _bindings(self) -> list[Dict] | None:
        """Return the TargetGroupBindings; None where they can't be known."""
        try:
            return self._list("elbv2.k8s.aws/v1beta1", "targetgroupbindings")
        except KubeError as error:
            if error.status in (403, 404):
                return None
            raise

    def hidden(self, pod: Mapping[str, Dict]) -> set[str] | None:
        """Return the texts that must not be shown of what a pod says; None if unknown."""
        name = str(pod["metadata"]["name"])
        if name not in self._hidden:
            self._hidden[name] = self._values(secrets_of_pod(pod))
        return self._hidden[name]

    def _values(self, names: set[str]) -> set[str] | None:
        secrets = []
        for name in sorted(names):
            try:
                secret = self.kube.find(f"/api/v1/namespaces/{self.namespace}/secrets/{name}")
            except KubeError as error:
                if error.status == 403:
                    return None
                raise
            secrets += [secret] if secret else []
        return values_of_all(secrets)

    def log(self, cause: Cause, hidden: set[str] | None, lines: int) -> list[str]:
        """Return the last lines of the container that a cause is about."""
        if cause.log is None or lines == 0:
            return []
        if hidden is None:
            return [
                (
                    "(not shown, because the caller may not read the Secrets of the pod, so they"
                    " cannot be masked)"
                )
            ]
        path = f"/api/v1/namespaces/{self.namespace}/pods/{cause.log.pod}/log"
        query = {"container": cause.log.container, "tailLines": str(lines)}
        for previous in dict.fromkeys((cause.log.previous, False)):
            # The container may be replaced between the look and this.
            try:
                text = self.kube.text(path, **query, previous=str(previous).lower())
                return [mask(line, hidden)[:500] for line in text.splitlines()]
            except KubeError as error:
                if error.status in (401, 403):
                    return [f"(not shown: {error})"]
        return ["(the log does not exist any more)"]

    def answer(self, cause: Cause, hidden: set[str] | None) -> str:
        """Return what the address of a failing readiness probe answers; empty if it can't be asked.

        The kubelet tells the status only; the reason is in the body.
        """
        if not cause.ask or hidden is None:
            return ""
        target, path = cause.ask.split("/proxy", 1)
        where = f"/api/v1/namespaces/{self.namespace}/pods/{quote(target)}/proxy{path}"
        try:
            self.kube.text(where)
        except KubeError as error:
            # What the pod answers comes with its own status.
            if error.status >= 500:
                return mask(str(error).split(": ", 2)[-1], hidden)
        return ""


def first_by_workload(causes: Sequence[Cause]) -> list[Cause]:
    """Return one cause of each kind: pods of a workload fail alike."""
    seen: dict[str, Cause] = {}
    for cause in causes:
        seen.setdefault(cause.kind, cause)
    return list(seen.values())
