# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Whether a Deployment, StatefulSet or DaemonSet runs its newest generation, and which pods do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .model import CAPACITY, GRACE, HEALS, NOW, Cause, Dict, Snapshot, name_of, one_line

REVISION = "deployment.kubernetes.io/revision"

# What the API server said when a controller wanted to make a pod: pattern -> kind, patience.
REFUSALS = (
    (r"exceeded quota|failed quota|insufficient quota", "quota", GRACE),
    (r"violates PodSecurity", "admission", GRACE),
    (r"failed calling webhook", "admission", HEALS),
    (r"serviceaccount .* not found", "config_missing", GRACE),
    (r"admission webhook .* denied|denied the request", "admission", GRACE),
    (r"is forbidden|Invalid value", "admission", GRACE),
)


def progress(workload: Mapping[str, Any]) -> tuple[bool, str]:
    """Return whether the newest generation runs completely, and how far it is in words."""
    status = workload.get("status", {})
    generation = workload["metadata"].get("generation", 0)
    wanted, updated, ready = _counts(workload)
    text = f"{updated} of {wanted} up to date, {ready} ready"
    if status.get("observedGeneration", 0) < generation:
        return False, f"{text}, the controller has not seen the change yet"
    old = max(status.get("replicas", 0) - updated, 0) if workload["kind"] == "Deployment" else 0
    if old:
        text += f", {old} of the previous revision"
    return updated >= wanted and ready >= wanted and not old, text


def _counts(workload: Mapping[str, Any]) -> tuple[int, int, int]:
    """Return how many pods are wanted, of the newest revision, and available."""
    spec, status = workload["spec"], workload.get("status", {})
    if workload["kind"] == "DaemonSet":
        wanted = status.get("desiredNumberScheduled", 0)
        by_hand = spec.get("updateStrategy", {}).get("type") == "OnDelete"
        updated = wanted if by_hand else status.get("updatedNumberScheduled", 0)
        return wanted, updated, status.get("numberAvailable", 0)
    wanted = spec.get("replicas", 1)
    updated = status.get("updatedReplicas", 0)
    available = status.get("availableReplicas", 0)
    if workload["kind"] == "StatefulSet":
        strategy = spec.get("updateStrategy", {})
        held = (strategy.get("rollingUpdate") or {}).get("partition", 0)
        current = status.get("updateRevision") == status.get("currentRevision")
        if strategy.get("type") == "OnDelete" or current or updated >= wanted - held:
            updated = wanted
    return wanted, updated, available


def newest_pods(snapshot: Snapshot, workload: Mapping[str, Any]) -> list[Dict]:
    """Return the pods whose state decides: of a Deployment those of its newest revision."""
    if workload["kind"] != "Deployment":
        return snapshot.owned(snapshot.pods, workload)
    newest = newest_replica_set(snapshot, workload)
    return snapshot.owned(snapshot.pods, newest) if newest else []


def newest_replica_set(snapshot: Snapshot, deployment: Mapping[str, Any]) -> Dict | None:
    """Return the ReplicaSet of a Deployment's newest revision."""
    owned = snapshot.owned(snapshot.replica_sets, deployment)
    return max(owned, key=_revision, default=None)


def _revision(replica_set: Mapping[str, Any]) -> int:
    return int((replica_set["metadata"].get("annotations") or {}).get(REVISION, 0))


def causes_of_workload(snapshot: Snapshot, workload: Mapping[str, Any]) -> list[Cause]:
    """Return what a workload's controller can't do: make pods, or go on."""
    about = name_of(workload)
    if workload["spec"].get("paused"):
        message = "its rollout is paused (kubectl rollout resume lets it go on)"
        return [Cause("paused", about, message, NOW)]
    found = []
    if refused := _refused(snapshot, workload):
        found.append(refused)
    conditions = workload.get("status", {}).get("conditions") or []
    for condition in conditions:
        if condition.get("reason") == "ProgressDeadlineExceeded" and condition["status"] == "False":
            found.append(Cause("deadline", about, one_line(condition.get("message")), NOW))
    return found


def _refused(snapshot: Snapshot, workload: Mapping[str, Any]) -> Cause | None:
    """Return why no pod can be made; a controller that has all its pods wants none."""
    maker: Mapping[str, Any] = workload
    if workload["kind"] == "Deployment":
        maker = newest_replica_set(snapshot, workload) or workload
    wanted = _counts(workload)[0]
    there = [pod for pod in newest_pods(snapshot, workload) if not _leaving(pod)]
    if len(there) >= wanted:
        return None
    message = ""
    for condition in maker.get("status", {}).get("conditions") or []:
        if condition["type"] == "ReplicaFailure" and condition["status"] == "True":
            message = condition.get("message", "")
    for event in snapshot.events_of(maker, "FailedCreate"):
        message = message or event.get("message", "")
    if not message:
        return None
    kind, patience = classify_refusal(message)
    if kind == "quota" and snapshot.leaving():
        patience = CAPACITY
    return Cause(kind, name_of(maker), one_line(message), patience)


def _leaving(pod: Mapping[str, Any]) -> bool:
    return bool(pod["metadata"].get("deletionTimestamp"))


def classify_refusal(message: str) -> tuple[str, str]:
    """Return kind and patience of what the API server said when a pod was to be made."""
    for pattern, kind, patience in REFUSALS:
        if re.search(pattern, message):
            return kind, patience
    return "create_failed", CAPACITY
